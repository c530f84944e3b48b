// Runs what README shows: its commands against a shop of the test, at other ports, and compares with the answers that it shows.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { type RunAllShop, startRunAllShop } from "../support/run-all.ts";
import { withCurl } from "../support/with-curl.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const README = readFileSync(join(ROOT, "README.md"), "utf8");

type Block = { readonly language: string; readonly text: string };

const BLOCKS: Block[] = [...README.matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(([, language = "", text = ""]) => ({
  language,
  text,
}));

/** Each command line of the README, with what the block behind its own shows as the answer. */
const COMMANDS = BLOCKS.flatMap(({ language, text }, i) => {
  if (language !== "sh") return [];
  const lines = text.trim().split("\n");
  const next = BLOCKS[i + 1];
  const answer = next?.language === "json" || next?.language === "text" ? next : undefined;
  return lines.map((line) => ({ line, answer: lines.length === 1 ? answer : undefined }));
});

const isMake = (line: string) => line.startsWith("make");

describe("README", function () {
  this.timeout(60_000);
  let shop: RunAllShop;

  before(async () => {
    shop = await startRunAllShop();
  });
  after(async () => {
    await shop?.close();
  });

  for (const { line, answer } of COMMANDS.filter((command) => !isMake(command.line))) {
    it(`shows what works: ${line.slice(0, 100)}`, async () => {
      const output = await run(line);
      assert.doesNotMatch(output, /HTTP\/1\.1 [45]|^\{"code":/m);
      if (answer !== undefined) assert.match(output, patternOf(answer.text));
    });
  }

  it("names targets of the Makefile", async () => {
    const help = await run("make");
    const targets = new Set([...help.matchAll(/^ {2}make (\S+)/gm)].map(([, target]) => target));
    const named = [...README.matchAll(/\bmake ([a-z][a-z-]+)\b(?=[`\n])/g)].map(([, target]) => target);
    assert.ok(named.includes("run-all") && named.includes("test"));
    for (const target of named) assert.ok(targets.has(target), `make ${target} is not a target`);
  });

  it("maps folders and files that exist", async () => {
    const map = /\| Folder \|(.*?)\n\n/s.exec(README)?.[1] ?? "";
    const rows = map.split("\n").flatMap((row) => [...(row.split("|")[1] ?? "").matchAll(/`([\w./-]+)`/g)]);
    const paths = rows.map(([, path = ""]) => path).filter((path) => path.includes("/"));
    assert.ok(paths.length >= 10);
    await Promise.all(paths.map((path) => run(`ls ${path}`)));
  });

  /** The output of a command of README, at the ports of this shop. */
  async function run(line: string): Promise<string> {
    const ports = { 8080: "gateway", 8081: "user", 8082: "order", 8083: "payment", 4318: "dashboard" } as const;
    let command = line;
    for (const [port, name] of Object.entries(ports)) {
      command = command.replaceAll(`localhost:${port}`, `localhost:${shop.ports[name]}`);
    }
    const { stdout } = await promisify(execFile)("bash", ["-c", command], { cwd: ROOT, env: withCurl() });
    return stdout;
  }
});

/** What is shown, as whole lines, with any word for `<…>`. */
function patternOf(shown: string): RegExp {
  const parts = shown.trim().split(/<[^>]*>/);
  return new RegExp(`^${parts.map((part) => RegExp.escape(part)).join("[\\w-]+")}\\r?$`, "m");
}
