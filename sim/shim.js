// Espruino's peripheral globals in terms of host calls: the same text runs in Node's engine and in Espruino itself.
// It adds no behaviour: whatever has a fact behind it lives on the board's side. ES5 that Espruino runs.
// Given by the engine: $call(milliTurns, operation, args) and the cost counter $t.

var $t = 0;

(function (scope) {
  // Tells Espruino to keep this in RAM, where it is parsed faster than in its flash file.
  "ram";
  var callbacks = {};
  var buffers = [];
  /** So many of them are still placed when the callback has ended. */
  var lasting = 0;

  function host(operation, args) {
    var turns = $t;
    $t = 0;
    return $call(turns, operation, args);
  }

  function name(pin) {
    return pin.pin;
  }

  function Pin(id) {
    this.pin = id;
  }

  function register(kind, id, callback) {
    callbacks[kind + id] = callback;
    return id;
  }

  scope.$buffers = buffers;
  scope.Pin = Pin;
  scope.getTime = function () {
    return host("time", []);
  };

  scope.setTimeout = function (callback, ms) {
    return register("timer", host("timer.set", [ms, false]), callback);
  };
  scope.setInterval = function (callback, ms) {
    return register("timer", host("timer.set", [ms, true]), callback);
  };
  function clearTimer(id) {
    if (arguments.length === 0) throw new Error("clearing all timers is not what you want");
    if (id === undefined) throw new Error("Unknown Timeout");
    host("timer.clear", [id]);
    delete callbacks["timer" + id];
  }
  scope.clearTimeout = clearTimer;
  scope.clearInterval = clearTimer;

  scope.setWatch = function (callback, pin, options) {
    options = options || {};
    var id = host("watch.set", [name(pin), options.edge || "both", options.debounce || 0, !!options.repeat]);
    return id === undefined ? undefined : register("watch", id, callback);
  };
  scope.clearWatch = function (id) {
    if (id === undefined || !callbacks["watch" + id]) throw new Error("Unknown Watch");
    host("watch.clear", [id]);
    delete callbacks["watch" + id];
  };

  scope.pinMode = function (pin, mode) {
    host("pin.mode", [name(pin), mode]);
  };
  scope.digitalWrite = function (pin, value) {
    host("pin.write", [name(pin), value ? 1 : 0]);
  };
  scope.digitalRead = function (pin) {
    return host("pin.read", [name(pin)]);
  };
  scope.analogRead = function (pin) {
    return host("analog.read", [name(pin)]);
  };
  scope.analogWrite = function (pin, value, options) {
    host("analog.write", [name(pin), value, (options && options.freq) || 0]);
  };

  function peek(bits) {
    return function (address, count) {
      var words = host("peek", [bits, address, count === undefined ? 1 : count]);
      return count === undefined ? words[0] : new Uint32Array(words);
    };
  }
  function poke(bits) {
    return function (address, value) {
      host("poke", [bits, address, typeof value === "number" ? [value] : [].slice.call(value)]);
    };
  }
  scope.peek8 = peek(8);
  scope.peek16 = peek(16);
  scope.peek32 = peek(32);
  scope.poke8 = poke(8);
  scope.poke16 = poke(16);
  scope.poke32 = poke(32);

  scope.print = function () {
    host("print", [[].slice.call(arguments).join(" ")]);
  };
  scope.console = { log: scope.print };

  function place(buffer, isWaveform) {
    var index = buffers.indexOf(buffer);
    if (index < 0) {
      buffers.push(buffer);
      index = buffers.length - 1;
    }
    return host("ram.place", [index, new Uint8Array(buffer).length, isWaveform]);
  }
  scope.E.getAddressOf = function (value, isFlat) {
    if (!isFlat) throw new Error("addresses of variables are not modelled");
    var buffer = value instanceof ArrayBuffer ? value : value.buffer;
    var address = place(buffer, false);
    return address && address + (value.byteOffset || 0);
  };
  scope.E.nativeCall = function (address, signature, code) {
    var id = host("native.bind", [address, signature, code]);
    return function (a, b, c, d) {
      return host("native.call", [id, a | 0, b | 0, c | 0, d | 0]);
    };
  };
  scope.E.enableWatchdog = function (seconds, isAutomatic) {
    host("watchdog.enable", [seconds, isAutomatic]);
  };
  scope.E.kickWatchdog = function () {
    host("watchdog.kick", []);
  };
  scope.E.reboot = function () {
    host("reboot", []);
  };
  scope.E.hwRand = function () {
    return host("random", []);
  };
  // Address and length of the string behind a buffer: a view's offset is ignored.
  function backing(buffer) {
    var whole = buffer instanceof ArrayBuffer ? buffer : buffer.buffer;
    var address = place(whole, true);
    if (!address) throw new Error("a Waveform whose buffer is not flat is not modelled");
    lasting = buffers.length;
    return { address: address, bytes: new Uint8Array(whole).length };
  }

  function checkOptions(options) {
    if (options !== undefined && (typeof options !== "object" || options === null)) throw new Error("Expecting options to be undefined or an Object, not " + options);
    return options || {};
  }

  function Waveform(samples, options) {
    var isBuffer = typeof samples === "object" && samples !== null && (samples instanceof ArrayBuffer || samples.buffer instanceof ArrayBuffer);
    if (!isBuffer && typeof samples !== "number") throw new Error("'samples' should be a integer or ArrayBuffer");
    if (!isBuffer && !(samples > 0)) throw new Error("Samples must be greater than 0");
    options = checkOptions(options);
    var bits = options.bits || 8;
    if (bits !== 8 && bits !== 16) throw new Error("Invalid number of bits");
    var length = isBuffer ? (samples.length === undefined ? samples.byteLength : samples.length) : samples;
    var Samples = bits === 16 ? Uint16Array : Uint8Array;
    this.buffer = isBuffer ? samples : new Samples(length);
    if (options.doubleBuffer) this.buffer2 = new Samples(length);
    this.$listeners = [];
  }

  function startWaveform(waveform, operation, pin, hz, options) {
    if (waveform.running) throw new Error("Waveform is already running");
    if (!pin) throw new Error("Invalid pin");
    if (!(hz >= 0.001) || hz === Infinity) throw new Error("Frequency must be above 0.001Hz");
    options = checkOptions(options);
    var first = backing(waveform.buffer);
    waveform.$id = host(operation, [
      {
        pin: name(pin),
        npin: options.npin ? name(options.npin) : undefined,
        hz: hz,
        buffers: waveform.buffer2 ? [first.address, backing(waveform.buffer2).address] : [first.address],
        bytes: first.bytes,
        bits: waveform.buffer.BYTES_PER_ELEMENT === 2 ? 16 : 8,
        isRepeating: !!options.repeat,
        timeSeconds: options.time || 0,
      },
    ]);
    register("waveform", waveform.$id, waveform);
    waveform.running = true;
    waveform.freq = hz;
  }

  Waveform.prototype.startInput = function (pin, hz, options) {
    startWaveform(this, "waveform.input", pin, hz, options);
  };
  Waveform.prototype.startOutput = function (pin, hz, options) {
    startWaveform(this, "waveform.output", pin, hz, options);
  };
  Waveform.prototype.stop = function () {
    if (!this.running) throw new Error("Waveform is not running");
    if (!host("waveform.stop", [this.$id])) throw new Error("Waveform couldn't be stopped");
  };
  Waveform.prototype.on = function (event, callback) {
    this.$listeners.push({ event: event, callback: callback });
  };
  function emit(waveform, event, buffer) {
    for (var i = 0; i < waveform.$listeners.length; i++) {
      if (waveform.$listeners[i].event === event) waveform.$listeners[i].callback(buffer);
    }
  }
  scope.Waveform = Waveform;

  // What each kind of event gives to its callback.
  var deliver = {
    timer: function (callback, event) {
      if (event.data) delete callbacks["timer" + event.id];
      callback();
    },
    watch: function (callback, event) {
      if (!event.data.repeat) delete callbacks["watch" + event.id];
      callback({ state: event.data.state, time: event.data.time, lastTime: event.data.lastTime, pin: new Pin(event.data.pin) });
    },
    waveform: function (waveform, event) {
      if (event.data.isFinished) {
        delete callbacks["waveform" + event.id];
        waveform.running = false;
        emit(waveform, "finish", waveform.buffer);
      } else if ((waveform.currentBuffer || 0) !== event.data.current) {
        waveform.currentBuffer = event.data.current;
        emit(waveform, "buffer", event.data.current === 0 ? waveform.buffer2 : waveform.buffer);
      }
    },
    object: function (callback, event) {
      callback(event.data);
    },
  };

  /** Copies take time by the byte, which no text tells. For an engine to call, in a scope of its own. */
  scope.$chargeCopies = function () {
    [Uint8Array, Int16Array, Uint16Array, Int32Array, Uint32Array].forEach(function (Kind) {
      var copy = new Kind(1).set;
      Kind.prototype.set = function (source, offset) {
        host("charge", ["typedArraySet", source.length]);
        copy.call(this, source, offset);
      };
    });
  };

  scope.$register = register;
  scope.$deliver = deliver;
  scope.$host = host;
  scope.$pump = function (events) {
    for (var i = 0; i < events.length; i++) {
      var event = events[i];
      lasting = buffers.length;
      var callback = callbacks[event.kind + event.id];
      if (callback) {
        try {
          deliver[event.kind](callback, event);
        } catch (error) {
          host("uncaught", ["" + error, error && error.stack ? "" + error.stack : ""]);
        }
      }
      if (buffers.length > lasting) {
        buffers.splice(lasting, buffers.length);
        host("ram.forget", [lasting]);
      }
      host("done", [event.kind]);
    }
    return events.length;
  };
})(this);
