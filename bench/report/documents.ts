// Puts the latest recorded results into the documents: `node bench/report/documents.ts`.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type AllResults, latestResults } from "../results.ts";
import { overloadConditions, overloadPlot, overloadTable } from "./overload.ts";
import { plots } from "./plots.ts";
import { growthTable, sagaTable } from "./saga.ts";
import { summary } from "./summary.ts";
import { capacityTable, conditions, pairedTable } from "./tables.ts";

const ROOT = join(import.meta.dirname, "../..");
const DOCUMENTS = ["README.md", "docs/benchmarks.md"];
const PLOTS = "docs/benchmarks";

/** What stands between `<!-- bench: NAME -->` and `<!-- end -->`, which a document has on lines of their own. */
const PART = /(?<=^<!-- bench: (?<name>[\w-]+) -->\n).*?(?=^<!-- end -->$)/gms;

/** The files, by their paths from the root, that show results, as they are with these. Throws if a document asks for what they lack. */
export function documents({ costs: results, tls, overload, saga, growth }: AllResults): ReadonlyMap<string, string> {
  const parts = new Map([
    ["conditions", conditions(results)],
    ["summary", summary(results, saga)],
    ...tls.paired.map((section) => [section.group, `${pairedTable(section)}\n\n${conditions(tls)}`] as const),
    ["overload", `${overloadTable(overload.rows)}\n\n${overloadConditions(overload)}`],
    ["saga", sagaTable(saga)],
    ["growth", growthTable(growth)],
    ...results.paired.map((section) => [section.group, pairedTable(section)] as const),
    ...results.capacity.map((section) => [section.group, capacityTable(section)] as const),
  ]);
  const fill = (name: string): string => {
    const part = parts.get(name);
    if (part === undefined) throw new Error(`the results have no part ${name}`);
    return `\n${part}\n\n`;
  };
  const texts = DOCUMENTS.map((path) => {
    const text = readFileSync(join(ROOT, path), "utf8");
    return [path, text.replaceAll(PART, (_part, name: string) => fill(name))] as const;
  });
  const pictures = [...plots(results), ["overload", overloadPlot(overload.rows)] as const].map(
    ([name, svg]) => [`${PLOTS}/${name}.svg`, svg] as const,
  );
  return new Map([...texts, ...pictures]);
}

export function writeDocuments(results: AllResults): void {
  mkdirSync(join(ROOT, PLOTS), { recursive: true });
  for (const [path, text] of documents(results)) writeFileSync(join(ROOT, path), text);
}

if (import.meta.main) writeDocuments(latestResults());
