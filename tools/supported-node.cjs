// Prints "supported" if package.json's engines accept the Node that runs this; otherwise which Node it is and what is needed. The syntax is
// old, so that any Node can run this.
"use strict";
const { engines } = require("../package.json");

const numbers = (version) => version.split(".").map(Number);

/** Whether `version` is not older than `from`, and for ^ also of the same line. */
function fits(version, range) {
  const [, operator, from] = /^(\^|>=)(\d+\.\d+\.\d+)$/.exec(range.trim()) || [];
  if (from === undefined) throw new Error(`package.json: cannot read the engine ${range}`);
  const [have, need] = [numbers(version), numbers(from)];
  if (operator === "^" && have[0] !== need[0]) return false;
  const at = have.findIndex((number, i) => number !== need[i]);
  return at < 0 || have[at] > need[at];
}

const version = process.versions.node;
const supported = engines.node.split("||").some((range) => fits(version, range));
console.log(supported ? "supported" : `Node ${version}, and Node ${engines.node} is needed`);
