throw new Error("this transport of EspruinoTools is left out");
