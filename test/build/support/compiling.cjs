// Compiles one of its functions, and calls none of them.
function wanted(text) {
  return text.length;
}
function unwanted(text) {
  return text.length + 1;
}
const { readFileSync } = require("node:fs");
const { compileFunctions } = require("../../../tools/build/compile-functions.ts");
const text = readFileSync(__filename, "utf8");
compileFunctions(__filename, text, [text.indexOf("}\n", text.indexOf("wanted")) + 1]);
module.exports = { wanted, unwanted };
