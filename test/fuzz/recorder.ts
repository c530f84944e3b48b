// What was sent last, for whoever looks into a finding.
import { Buffer } from "node:buffer";
import { mkdirSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import type { Script, Step } from "./script.ts";

const FOLDER = join(import.meta.dirname, "../../.cache/fuzz");
const KEPT = 64;

export type Entry = { readonly door: string; readonly iteration: number; readonly script: Script; ended: boolean };

/** The last scripts, and those that still run. */
export class Recorder {
  readonly #seed: number;
  #entries: Entry[] = [];

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** Returns what to call when the script has ended. */
  begin(door: string, iteration: number, script: Script): () => void {
    const entry = { door, iteration, script, ended: false };
    this.#entries.push(entry);
    if (this.#entries.length > 2 * KEPT) {
      const old = this.#entries.slice(0, -KEPT);
      this.#entries = [...old.filter(({ ended }) => !ended), ...this.#entries.slice(-KEPT)];
    }
    return () => {
      entry.ended = true;
    };
  }

  /** All that may have been the cause of something that was just seen. */
  get suspects(): readonly Entry[] {
    return [...this.#entries];
  }

  /** Writes what was sent as hex, one step a line; tells where, and how to repeat it. */
  write({ door, iteration, script: { role, http, steps } }: Omit<Entry, "ended">): string {
    const file = join(FOLDER, `${this.#seed}-${door}-${iteration}.txt`);
    const repeat = `make fuzz ARGS="--seed ${this.#seed} --door ${door} --iteration ${iteration}"`;
    mkdirSync(FOLDER, { recursive: true });
    writeFileSync(file, [`# ${repeat}`, `# to ${role}, HTTP/${http}`, ...steps.map(lineOf), ""].join("\n"));
    return `${repeat}  # bytes: ${relative(process.cwd(), file)}`;
  }
}

const lineOf = (step: Step): string => (Buffer.isBuffer(step) ? step.toString("hex") : `# ${JSON.stringify(step)}`);
