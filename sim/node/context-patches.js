// Built-ins of a V8 context that behave as Espruino's do where the two differ. Runs inside the context, before anything else.
// Each patch was compared with the real interpreter: test/support/espruino-rows.ts. Never part of the firmware.

(function (scope) {
  "use strict";

  // The context loses these.
  var isView = ArrayBuffer.isView, list = Array.from, big = BigInt;

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
    var text = whole < 1e21 ? "" + whole : big(whole).toString();
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
    if (Array.isArray(value) || (isView(value) && value.length !== undefined)) {
      return "[" + list(value).map( function (item) { return typeof item === "function" ? "null" : json(item); }).join(",") + "]";
    }
    return "{" + Object.keys(value).filter(function (key) {
      var property = Object.getOwnPropertyDescriptor(value, key);
      return "value" in property && property.value !== undefined && typeof property.value !== "function";
    }).map(function (key) { return quoted(key) + ":" + json(value[key]); }).join(",") + "}";
  }
  var stringify = scope.JSON.stringify, parse = scope.JSON.parse;
  patch(scope.JSON, {
    stringify: function (value, replacer, space) {
      if (typeof value === "function") return undefined;
      return space === undefined ? json(value) : stringify(value, undefined, space);
    },
    parse: function (text) { return parse(text); },
  });

  // Rounding goes away from zero, and there is no minus zero.
  patch(scope.Math, {
    round: function (x) { return (x < 0 ? Math.ceil(x - 0.5) : Math.floor(+x + 0.5)) + 0; },
    clip: function (x, low, high) { return x < low ? low : x > high ? high : x; },
    wrap: function (x, size) { return size < 0 ? 0 : x - Math.floor(x / size) * size; },
  });

  // Typed arrays: slice and filter give plain arrays, and set leaves out what does not fit.
  var typed = Object.getPrototypeOf(scope.Uint8Array).prototype, plain = scope.Array.prototype;
  var slice = plain.slice, filter = plain.filter, set = typed.set;
  patch(typed, {
    slice: function (start, end) { return slice.call(this, start, end); },
    filter: function (test, self) { return filter.call(this, test, self); },
    set: function (source, offset) {
      offset = offset || 0;
      var fits = Math.max(0, this.length - offset);
      if (offset >= 0 && source.length <= fits) return set.call(this, source, offset);
      var first = Math.max(0, -offset);
      if (first < source.length && offset < this.length) set.call(this, slice.call(source, first, first + this.length - Math.max(0, offset)), Math.max(0, offset));
    },
  });

  // DataView: bytes past the end read as 0 and are not written.
  ["Int8", "Uint8", "Int16", "Uint16", "Int32", "Uint32", "Float32", "Float64"].forEach(function (kind) {
    var proto = scope.DataView.prototype, get = proto["get" + kind], put = proto["set" + kind];
    var size = parseInt(kind.replace(/[^0-9]/g, "")) / 8;
    function window(view, offset) {
      if (offset < 0) throw new Error("byteOffset too large (or negative)");
      var bytes = new Uint8Array(size);
      var there = Math.max(0, Math.min(size, view.byteLength - offset));
      if (there > 0) set.call(bytes, new Uint8Array(view.buffer, view.byteOffset + offset, there));
      return { bytes: bytes, view: new DataView(bytes.buffer), there: there };
    }
    var methods = {};
    methods["get" + kind] = function (offset, isLittle) {
      if (offset >= 0 && offset + size <= this.byteLength) return get.call(this, offset, isLittle);
      return get.call(window(this, offset).view, 0, isLittle);
    };
    methods["set" + kind] = function (offset, value, isLittle) {
      if (offset >= 0 && offset + size <= this.byteLength) return put.call(this, offset, value, isLittle);
      var part = window(this, offset);
      put.call(part.view, 0, value, isLittle);
      if (part.there > 0) set.call(new Uint8Array(this.buffer, this.byteOffset + offset, part.there), new Uint8Array(part.bytes.buffer, 0, part.there));
    };
    patch(proto, methods);
  });

  // Sorting is not stable: a quicksort around the first element, or around the median of three in more than ten.
  function compareText(a, b) {
    var x = "" + a, y = "" + b;
    return x < y ? -1 : x > y ? 1 : 0;
  }
  function order(a, b, compare) {
    return a === undefined ? 1 : b === undefined ? -1 : compare(a, b);
  }
  function swap(array, i, j) {
    var value = array[i];
    array[i] = array[j];
    array[j] = value;
  }
  function sort(array, at, count, compare) {
    if (count < 2) return;
    if (count > 10) {
      var middle = at + (count >> 1), last = at + count - 1;
      var lowMiddle = order(array[at], array[middle], compare), middleHigh = order(array[middle], array[last], compare), lowHigh = order(array[at], array[last], compare);
      if ((lowMiddle <= 0 && middleHigh <= 0) || (lowHigh <= 0 && middleHigh >= 0)) swap(array, at, middle);
      else if ((lowMiddle >= 0 && lowHigh <= 0) || (middleHigh >= 0 && lowHigh >= 0)) swap(array, at, last);
    }
    var pivot = at, isLowest = true;
    for (var i = at + 1; i < at + count; i++) {
      var compared = order(array[i], array[pivot], compare);
      if (!(compared <= 0)) continue;
      if (compared < 0) isLowest = false;
      var value = array[pivot];
      array[pivot] = array[i];
      array[i] = array[++pivot];
      array[pivot] = value;
    }
    if (!isLowest) sort(array, at, pivot - at, compare);
    sort(array, pivot + 1, at + count - pivot - 1, compare);
  }
  function sorted(compare) {
    sort(this, 0, this.length, compare || compareText);
    return this;
  }
  patch(plain, { sort: sorted });
  patch(typed, { sort: sorted });

  // A hole at the end is not there.
  var map = plain.map;
  patch(plain, {
    map: function (callback, self) {
      var mapped = map.call(this, callback, self);
      while (mapped.length > 0 && !(mapped.length - 1 in mapped)) mapped.length--;
      return mapped;
    },
  });

  // Strings are bytes; split takes no limit; a function as replacement is its source; a global match without a hit is empty.
  var text = scope.String.prototype, fromCharCode = scope.String.fromCharCode;
  var match = text.match, split = text.split, replace = text.replace;
  patch(scope.String, {
    fromCharCode: function () { return fromCharCode.apply(null, slice.call(arguments).map(function (code) { return code & 255; })); },
  });
  function source(replacement) {
    return typeof replacement === "function" ? function () { return "" + replacement; } : replacement;
  }
  patch(text, {
    match: function (pattern) { return match.call(this, pattern) || (pattern && pattern.global ? [] : null); },
    split: function (separator) { return split.call(this, separator); },
    replace: function (pattern, replacement) { return replace.call(this, pattern, source(replacement)); },
  });

  // A ReferenceError is no Error.
  scope.Object.setPrototypeOf(scope.ReferenceError.prototype, scope.Object.prototype);
  patch(scope.ReferenceError.prototype, { toString: function () { return "ReferenceError: " + this.message.replace(/^(\S+) is not defined$/, '"$1" is not defined'); } });

  var parseDate = scope.Date.parse;
  patch(scope.Date, { parse: function (when) { return parseDate(when) || 0; } });
  delete scope.Date.UTC;
})(this);
