// The radio's and the console's globals in terms of host calls; loaded after shim.js, by the same rules.

(function (scope) {
  "ram";
  var host = scope.$host;
  var register = scope.$register;
  var deliver = scope.$deliver;

  // Espruino makes its own ports when they are first named, over whatever stands there: so it is its own that are changed.
  function port(device) {
    var own = scope[device] || {};
    own.$device = device;
    own.setConsole = function (isForced) {
      host("console.set", [device, !!isForced]);
    };
    own.unsetup = function () {
      host("console.unsetup", [device]);
    };
    return own;
  }
  scope.USB = port("USB");
  scope.Serial1 = port("Serial1");
  scope.Bluetooth = port("Bluetooth");
  scope.E.setConsole = function (device, options) {
    host("console.set", [(device && device.$device) || device, !!(options && options.force)]);
  };
  scope.E.setPassword = function (password) {
    host("console.password", [password]);
  };
  scope.E.lockConsole = function () {
    host("console.lock", []);
  };
  // NRF: options are handed over as they are, functions stay here under a number.
  var writers = [];
  var radio = {};
  var bonding;

  function bytesOf(value) {
    if (value === undefined || value === null) return undefined;
    if (typeof value !== "string") return new Uint8Array(value);
    var bytes = new Uint8Array(value.length);
    for (var i = 0; i < bytes.length; i++) bytes[i] = value.charCodeAt(i);
    return bytes;
  }
  function checkObject(value) {
    if (value !== undefined && (typeof value !== "object" || value === null)) throw new Error("Expecting Object or undefined, got " + typeof value);
  }
  function writer(callback) {
    if (!callback) return undefined;
    writers.push(callback);
    return register("nrfWrite", writers.length, callback);
  }
  function copyOf(options, names) {
    var copy = {};
    for (var i = 0; i < names.length; i++) {
      if (options[names[i]] !== undefined) copy[names[i]] = options[names[i]];
    }
    return copy;
  }
  function securityOf(options) {
    return options && copyOf(options, ["signed", "mitm", "lesc", "encrypted"]);
  }
  function characteristicOf(uuid, options) {
    var security = options.security;
    return {
      uuid: uuid,
      broadcast: !!options.broadcast,
      notify: !!options.notify,
      indicate: !!options.indicate,
      readable: !!options.readable,
      writable: !!options.writable,
      maxLen: options.maxLen | 0,
      description: options.description,
      value: bytesOf(options.value),
      security: security && { read: securityOf(security.read), write: securityOf(security.write) },
      onWrite: writer(options.onWrite),
      onWriteDesc: writer(options.onWriteDesc),
    };
  }
  function eachOf(object, visit) {
    for (var key in object) visit(key, object[key]);
  }

  scope.NRF = {
    on: function (event, callback) {
      radio[event] = (radio[event] || []).concat([callback]);
    },
    removeAllListeners: function (event) {
      delete radio[event];
    },
    setServices: function (services, options) {
      checkObject(services);
      var list;
      if (services) {
        list = [];
        eachOf(services, function (uuid, characteristics) {
          var service = { uuid: uuid, characteristics: [] };
          eachOf(characteristics, function (id, characteristic) {
            service.characteristics.push(characteristicOf(id, characteristic));
          });
          list.push(service);
        });
      }
      host("nrf.setServices", [list, { uart: !options || options.uart === undefined || !!options.uart, advertise: options && options.advertise }]);
    },
    updateServices: function (services) {
      checkObject(services);
      var updates = [];
      eachOf(services || {}, function (service, characteristics) {
        eachOf(characteristics, function (uuid, update) {
          updates.push({ service: service, uuid: uuid, value: bytesOf(update.value), notify: !!update.notify, indicate: !!update.indicate });
        });
      });
      host("nrf.updateServices", [updates]);
    },
    setAdvertising: function (services, options) {
      checkObject(options);
      var list;
      if (services) {
        list = [];
        eachOf(services, function (uuid, data) {
          list.push({ uuid: uuid, data: bytesOf(data) });
        });
      }
      options = options || {};
      var copy = copyOf(options, ["name", "showName", "flags", "discoverable", "manufacturer", "interval", "connectable", "scannable", "whenConnected"]);
      copy.manufacturerData = bytesOf(options.manufacturerData);
      host("nrf.setAdvertising", [list, copy]);
    },
    setSecurity: function (options) {
      checkObject(options);
      if (options && options.oob) throw new Error("out-of-band keys are not modelled");
      host("nrf.setSecurity", [options && copyOf(options, ["display", "keyboard", "bond", "mitm", "lesc", "pair", "passkey", "encryptUart", "privacy"])]);
    },
    getSecurityStatus: function () {
      return host("nrf.getSecurityStatus", []);
    },
    setAddress: function (address) {
      host("nrf.setAddress", [address]);
    },
    getAddress: function (isCurrent) {
      return host("nrf.getAddress", [!!isCurrent]);
    },
    resolveAddress: function (address) {
      return host("nrf.resolveAddress", [address]);
    },
    sleep: function () {
      host("nrf.sleep", []);
    },
    wake: function () {
      host("nrf.wake", []);
    },
    restart: function () {
      host("nrf.restart", []);
    },
    disconnect: function () {
      host("nrf.disconnect", []);
    },
    eraseBonds: function (isHard) {
      host("nrf.eraseBonds", [!!isHard]);
    },
    startBonding: function () {
      host("nrf.startBonding", []);
      return new Promise(function (resolve, reject) {
        bonding = { resolve: resolve, reject: reject };
      });
    },
    setConnectionInterval: function (interval) {
      if (interval === undefined || interval === "auto") host("nrf.setConnectionInterval", []);
      else if (typeof interval === "number") host("nrf.setConnectionInterval", [interval, interval]);
      else host("nrf.setConnectionInterval", [interval.minInterval, interval.maxInterval]);
    },
    getBattery: function () {
      return host("nrf.getBattery", []);
    },
  };
  register("nrf", 0, radio);
  register("nrfTask", 0, radio);

  // The first argument is all that these events have.
  deliver.nrf = function (listeners, event) {
    var list = listeners[event.data.name] || [];
    for (var i = 0; i < list.length; i++) list[i](event.data.args[0]);
  };
  deliver.nrfWrite = function (callback, event) {
    callback({ data: new Uint8Array(event.data).buffer });
  };
  deliver.nrfTask = function (_, event) {
    var task = bonding;
    bonding = undefined;
    if (event.data.isOk) task.resolve();
    else task.reject(event.data.why);
  };
})(this);
