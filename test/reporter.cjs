// Mocha's spec reporter, and the counts in a file for the command that runs it.

"use strict";

const { writeFileSync } = require("node:fs");
const { reporters } = require("mocha");

module.exports = class Reporter extends reporters.Dot {
  constructor(runner, options) {
    super(runner, options);
    runner.once("end", () => {
      if (process.env.MOCHA_RESULT) writeFileSync(process.env.MOCHA_RESULT, JSON.stringify({ stats: this.stats }));
    });
  }
};
