// Mocha's dots, then the attack table (support/attack-table.ts), and the counts in a file for the command that runs it.

"use strict";

const { existsSync, readFileSync, writeFileSync } = require("node:fs");
const { reporters } = require("mocha");

module.exports = class Reporter extends reporters.Dot {
  constructor(runner, options) {
    super(runner, options);
    runner.once("end", () => {
      const { ATTACK_TABLE: table } = process.env;
      // A test that runs often, as those on mutants do, observes the same often.
      const rows = new Set(table && existsSync(table) ? readFileSync(table, "utf8").trimEnd().split("\n").sort() : []);
      if (rows.size > 0) console.log(["\nattack -> what was observed", ...rows].join("\n"));
      if (process.env.MOCHA_RESULT) writeFileSync(process.env.MOCHA_RESULT, JSON.stringify({ stats: this.stats }));
    });
  }
};
