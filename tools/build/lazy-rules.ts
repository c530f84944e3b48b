import { readFile } from "node:fs/promises";
import type { Plugin } from "esbuild";

/** Replacements in protovalidate's source. Each must occur. */
const REPLACEMENTS = [
  {
    text: "compileRulesUncached(descMessage) {",
    by: "compileRulesUncached(descMessage) { const compileRule = (rule) => this.compileRule(rule);",
  },
  {
    text: "compiled: this.compileRule(rule),",
    by: 'get compiled() { return Object.defineProperty(this, "compiled", { value: compileRule(this.rule) }).compiled; },',
  },
] as const;

/**
 * Makes a bundle compile each validation rule when it is first used. Protovalidate compiles all standard rules of a type as soon as one of
 * them is used, although it evaluates most of them natively. This saves a quarter of a role's start time and about 15 MB. Fails if
 * protovalidate's source is not as expected.
 */
export const lazyRules: Plugin = {
  name: "lazy-rules",
  setup(build) {
    build.onLoad({ filter: /\/@bufbuild\/protovalidate\/dist\/esm\/cel\.js$/ }, async ({ path }) => {
      let contents = await readFile(path, "utf8");
      for (const { text, by } of REPLACEMENTS) {
        if (!contents.includes(text))
          throw new Error(`${path} has no ${JSON.stringify(text)}: look at how it compiles rules now`);
        contents = contents.replaceAll(text, by);
      }
      return { contents, loader: "js" };
    });
  },
};
