// What a document shows to be typed, and what it shows to be answered.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { readDocument } from "../docs/document.ts";
import type { RunAllShop } from "../support/run-all.ts";
import { withCurl } from "../support/with-curl.ts";

export const ROOT = resolve(import.meta.dirname, "../..");

export type Shown = {
  readonly line: string;
  /** Of the block behind, if its own has no other command. */
  readonly answer: string | undefined;
};

/** The commands of a document that a shop can run: all but those for make. */
export function shownCommands(path: string): Shown[] {
  const { blocks } = readDocument(join(ROOT, path));
  return blocks.flatMap(({ language, text }, i) => {
    if (language !== "sh") return [];
    const lines = text.trim().split("\n");
    const next = blocks[i + 1];
    const answer = next?.language === "json" || next?.language === "text" ? next.text : undefined;
    const shown = lines.map((line) => ({ line, answer: lines.length === 1 ? answer : undefined }));
    return shown.filter(({ line }) => !line.startsWith("make"));
  });
}

/** Runs a command at the ports of a shop. Throws if it fails, or if its answer is an error or another one than is shown. */
export async function runShown({ line, answer }: Shown, shop: RunAllShop): Promise<void> {
  const output = await outputOf(line, shop);
  if (answer === undefined) assert.doesNotMatch(output, /HTTP\/1\.1 [45]|^\{"code":/m);
  else assert.match(output, patternOf(answer));
}

/** What a command prints. */
export async function outputOf(line: string, shop: RunAllShop): Promise<string> {
  const ports = { 8080: "gateway", 8081: "user", 8082: "order", 8083: "payment", 4318: "dashboard" } as const;
  let command = line;
  for (const [port, name] of Object.entries(ports)) {
    command = command.replaceAll(`localhost:${port}`, `localhost:${shop.ports[name]}`);
  }
  command = command.replaceAll("data/tls/", `${shop.dataDir}/tls/`);
  const { stdout } = await promisify(execFile)("bash", ["-c", command], { cwd: ROOT, env: withCurl() });
  return stdout;
}

/** What is shown, as whole lines, with any word for `<…>`. */
function patternOf(shown: string): RegExp {
  const parts = shown.trim().split(/<[^>]*>/);
  return new RegExp(`^${parts.map((part) => RegExp.escape(part)).join("[\\w-]+")}\\r?$`, "m");
}
