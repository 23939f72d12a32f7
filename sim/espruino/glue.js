// What the shim needs of a real Espruino: $call over two named pipes, and an idle loop whose events come from the board. Runs
// before shim.js, then $begin() once that is loaded. Adds no behaviour: the other end of the pipes is sim/espruino/link.ts.
// Functions marked "ram" are kept in RAM: read from the flash file they would be slow.

(function (scope) {
  "ram";
  var later = setTimeout;
  var leave = E.reboot;
  var realAddress = E.getAddressOf;
  var crc32 = E.CRC32;
  var evaluate = eval;
  var builtIn = require;
  var memory = process.memory;
  // As it is before $chargeCopies: the link's own copies are none of the board's.
  var copy = new Uint8Array(1).set;
  var requests = E.openFile("requests", "w");
  var replies = E.openFile("replies", "r");
  var float = new Float64Array(1);
  var words = new Uint32Array(float.buffer);
  var isMeasuring = false;
  // A multiple of three bytes, so that pieces of base64 join.
  var PIECE = 300;

  // Numbers must arrive as they are: Espruino prints floats with eleven decimals.
  scope.$float = function (low, high) {
    words[0] = low;
    words[1] = high;
    return float[0];
  };
  scope.$bytes = function (base64) {
    return new Uint8Array(E.toArrayBuffer(atob(base64)));
  };

  // JSON, in which a string begins with what it is: s text, f float, b bytes, x text as bytes, u undefined.
  function text(value) {
    if (value === undefined) return '"u"';
    if (typeof value === "string") return JSON.stringify("s" + value);
    if (typeof value === "number") {
      if ((value | 0) === value) return "" + value;
      float[0] = value;
      return '"f' + words[0] + "," + words[1] + '"';
    }
    if (value === null || typeof value === "boolean") return "" + value;
    if (value instanceof Uint8Array) return '"b' + btoa(value) + '"';
    if (Array.isArray(value)) return "[" + value.map(text).join(",") + "]";
    var parts = [];
    for (var key in value) parts.push('"' + key + '":' + text(value[key]));
    return "{" + parts.join(",") + "}";
  }

  function take(length) {
    var data = length ? replies.read(length) : "";
    // Nobody is at the other end any more.
    if (data === undefined || data.length !== length) leave();
    return data;
  }

  function view(place) {
    return new Uint8Array($buffers[place[0]], place[1], place[2]);
  }

  function fill(bytes) {
    for (var at = 0; at < bytes.length; at += 512) copy.call(bytes, take(Math.min(512, bytes.length - at)), at);
    return bytes;
  }

  // One request, then whatever the board asks about buffers, then the answer.
  function exchange(request) {
    requests.write(request + "\n");
    for (;;) {
      var head = take(8);
      var body = take(parseInt(head.substr(1), 10));
      switch (head[0]) {
        case "=":
          return evaluate(body);
        case "!":
          throw new Error(body);
        case ">":
          return fill(new Uint8Array(parseInt(body, 10)));
        case "?":
          requests.write(view(evaluate(body)));
          break;
        case "<":
          fill(view(evaluate(body)));
          break;
      }
    }
  }

  // In pieces: as one text, with its copies, it might not fit the memory that the application leaves.
  function sendLong(kind, data) {
    requests.write('"' + kind);
    for (var at = 0; at < data.length; at += PIECE) {
      requests.write(btoa(kind === "b" ? data.subarray(at, Math.min(at + PIECE, data.length)) : data.substr(at, PIECE)));
    }
    return '"';
  }

  scope.$call = function (turns, operation, args) {
    var request = "[" + text(turns) + "," + text(operation) + ",[";
    for (var i = 0; i < args.length; i++) {
      if (i) request += ",";
      var kind = typeof args[i] === "string" ? "x" : args[i] instanceof Uint8Array ? "b" : "";
      if (kind && args[i].length > PIECE) {
        requests.write(request);
        request = sendLong(kind, args[i]);
      } else request += text(args[i]);
    }
    return exchange(request + (isMeasuring ? "]," + memory(false).usage + "]" : "]]"));
  };

  function charged(operation, args) {
    var turns = $t;
    $t = 0;
    return scope.$call(turns, operation, args);
  }

  function pump() {
    later(pump, 0);
    // Not all at once: on the board, what waits is no variable, but for what the radio tells.
    exchange("idle");
    while ($pump(exchange("next"))) continue;
  }

  /** At the head of a boot file that counts its cost. */
  scope.$boot = function () {
    charged("boot", []);
  };

  /** For text that is about to be evaluated: the same text, counting its cost, which is stored beside the board's own files. */
  scope.$source = function (text) {
    charged("charge", ["evaluate", text.length]);
    return text && builtIn("Storage").read(charged("source", [crc32(text)]));
  };

  scope.$begin = function (options) {
    var place = E.getAddressOf;
    // Whether there is an address is the interpreter's answer, as only flat data has one; which, is the board's.
    E.getAddressOf = function (value, flat) {
      return realAddress(value, true) ? place(value, flat) : 0;
    };
    // Espruino compares two buffers by their text: it takes thousands of variables, and blank ones of a size are equal.
    $buffers.indexOf = function (buffer) {
      var address = realAddress(buffer, true);
      for (var i = $buffers.length - 1; i >= 0; i--) if (realAddress($buffers[i], true) === address) return i;
      return -1;
    };
    E.CRC32 = function (data) {
      charged("charge", ["crc32", typeof data === "string" ? data.length : data.byteLength]);
      return crc32(data);
    };
    $chargeCopies();
    var module = {
      read: function (length, address) {
        return charged("flash.read", [length, address]);
      },
      write: function (data, address) {
        return charged("flash.write", [typeof data === "string" ? scope.$bytes(btoa(data)) : new Uint8Array(data.buffer || data, data.byteOffset || 0, data.byteLength), address]);
      },
      erasePage: function (address) {
        return charged("flash.erase", [address]);
      },
    };
    var storage = {
      read: function (file, offset, length) {
        var text = charged("visit", [file, offset || 0, length || 0]);
        return text && builtIn("Storage").read(text);
      },
    };
    E.memoryArea = function (address, length) {
      return builtIn("Storage").read(charged("area", [address, length]));
    };
    scope.require = function (name) {
      return name === "Flash" ? module : name === "Storage" ? storage : builtIn(name);
    };
    process.on("uncaughtException", function (error) {
      charged("uncaught", ["" + error, error && error.stack ? "" + error.stack : ""]);
    });
    isMeasuring = options.isMeasuring;
    charged("begin", []);
    later(function () {
      // What the boot files did after their last call.
      charged("booted", []);
      pump();
    }, 0);
  };
})(this);
