// Built-ins of a V8 context that behave as Espruino's do where the two differ. Runs inside the context, before anything else.
// Each patch was compared with the real interpreter: test/support/espruino-rows.ts. Never part of the firmware.

(function (scope) {
  "use strict";

  function patch(owner, methods) {
    Object.keys(methods).forEach(function (name) {
      Object.defineProperty(owner, name, { value: methods[name], writable: true, configurable: true });
    });
  }

  // Numbers as text: digits are taken one by one from a double, eleven of them after the point unless told otherwise. The last one is
  // rounded but carries into nothing.
  var NEARLY = 0.0000001;
  function digits(value, wanted) {
    if (value !== value) return "NaN";
    var sign = value < 0 ? "-" : "";
    var rest = Math.abs(value);
    if (rest === Infinity) return sign + "Infinity";
    var whole = Math.floor(rest);
    if (Math.floor(rest + NEARLY) === whole + 1) rest = whole = whole + 1;
    var text = whole < 1e21 ? "" + whole : BigInt(whole).toString();
    rest = (rest - whole) * 10;
    var isFixed = wanted !== undefined;
    var left = isFixed ? wanted : 11;
    var fraction = "";
    for (; left > 0 && (isFixed || rest > NEARLY); left--) {
      var digit = Math.floor(rest + (isFixed && left === 1 ? 0.5 : 0.00000001));
      rest = (rest - digit) * 10;
      fraction += digit === 10 ? 9 : digit;
    }
    return sign + text + (fraction === "" ? "" : "." + fraction);
  }
  function numberText(value) {
    if (Math.floor(value) === value && Math.abs(value) < 1e21) return "" + value;
    var size = Math.abs(value);
    if (value !== value || size === Infinity || (size >= 1e-6 && size < 1e21)) return digits(value);
    var exponent = 0;
    for (; size > 100000; exponent += 5) size /= 100000;
    for (; size > 10; exponent++) size /= 10;
    for (; size < 1e-5; exponent -= 5) size *= 100000;
    for (; size < 1; exponent--) size *= 10;
    return (value < 0 ? "-" : "") + digits(size) + "e" + (exponent > 0 ? "+" : "") + exponent;
  }
  patch(scope.Number.prototype, {
    toFixed: function (places) {
      return digits(+this, Math.max(0, Math.min(20, places | 0)));
    },
  });

  // JSON.stringify: no getters, no replacer, buffers as arrays, and every character from 0x7F on as \u00XX.
  var escapes = { '"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f" };
  function quoted(text) {
    var out = "";
    for (var i = 0; i < text.length; i++) {
      var code = text.charCodeAt(i);
      var isPlain = code >= 32 && code < 127;
      out += escapes[text[i]] || (isPlain ? text[i] : "\\u" + ("000" + code.toString(16).toUpperCase()).slice(-4));
    }
    return '"' + out + '"';
  }
  function json(value) {
    if (value === undefined || value === null) return "null";
    if (typeof value === "number") return isFinite(value) ? numberText(value) : "null";
    if (typeof value === "boolean") return "" + value;
    if (typeof value === "string") return quoted(value);
    if (typeof value.toJSON === "function") return json(value.toJSON());
    if (value instanceof ArrayBuffer) value = new Uint8Array(value);
    if (Array.isArray(value) || (ArrayBuffer.isView(value) && value.length !== undefined)) {
      return "[" + [].map.call(Array.from(value), function (item) { return typeof item === "function" ? "null" : json(item); }).join(",") + "]";
    }
    return "{" + Object.keys(value).filter(function (key) {
      var property = Object.getOwnPropertyDescriptor(value, key);
      return "value" in property && property.value !== undefined && typeof property.value !== "function";
    }).map(function (key) { return quoted(key) + ":" + json(value[key]); }).join(",") + "}";
  }
  var isView = ArrayBuffer.isView, from = Array.from, BigInteger = scope.BigInt;
  // Kept under their names here: the context loses them.
  var ArrayBuffer = { isView: isView, [Symbol.hasInstance]: function (value) { return value instanceof scope.ArrayBuffer; } };
  var Array = { isArray: scope.Array.isArray, from: from };
  var BigInt = BigInteger;
  var stringify = scope.JSON.stringify, parse = scope.JSON.parse;
  patch(scope.JSON, {
    stringify: function (value, replacer, space) {
      if (typeof value === "function") return undefined;
      return space === undefined ? json(value) : stringify(value, undefined, space);
    },
    parse: function (text) { return parse(text); },
  });
})(this);
