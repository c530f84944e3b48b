// Sends scripts to the doors, and looks at the shop meanwhile.
import { setTimeout as delay } from "node:timers/promises";
import { goodRequests } from "./canary.ts";
import { Chance } from "./chance.ts";
import type { Door } from "./door.ts";
import { faultOf } from "./judge.ts";
import { culpritAmong } from "./narrow.ts";
import type { Options } from "./options.ts";
import { type Entry, Recorder } from "./recorder.ts";
import { play } from "./script.ts";
import type { FuzzedShop } from "./shop.ts";

const CANARY_EVERY_MS = 500;
/** More would only repeat themselves. */
const MAX_FINDINGS = 10;
/** Longer than a drain may last; those that are cut sooner wait no longer. */
const LEFT_OPEN_MS = 20_000;
/** Doors take turns, so that a long run mixes them. */
const TURN_MS = 7500;

/** One run over some doors. */
export class Fuzzer {
  readonly #options: Options;
  readonly #shop: FuzzedShop;
  readonly #recorder: Recorder;
  readonly #counts = new Map<string, { iterations: number; ms: number; statuses: Map<string, number> }>();
  readonly findings: string[] = [];
  #suspects: readonly Entry[] | undefined;
  slowestMs = 0;

  constructor(options: Options, shop: FuzzedShop) {
    this.#options = options;
    this.#shop = shop;
    this.#recorder = new Recorder(options.seed);
  }

  get #over(): boolean {
    return this.findings.length >= MAX_FINDINGS;
  }

  async all(): Promise<void> {
    const { seconds, doors, iteration } = this.#options;
    const watching = new AbortController();
    const watched = this.#watch(watching.signal);
    if (iteration !== undefined) await this.#one(doors[0]!, iteration);
    else {
      const until = performance.now() + seconds * 1000;
      const turnMs = Math.min(TURN_MS, (seconds * 1000) / doors.length);
      while (performance.now() < until && !this.#over) {
        for (const door of doors) await this.#turn(door, Math.min(until, performance.now() + turnMs));
      }
    }
    watching.abort();
    await watched;
    await this.#look();
  }

  /** Stops the shop while clients of all doors have something under way and do not go. */
  async stop(): Promise<void> {
    const { seed, doors } = this.#options;
    const left = doors.flatMap((door) =>
      Array.from({ length: 4 }, (_, i) => {
        const script = door.script(new Chance(seed, `${door.name} at the end`, i));
        const steps = [...script.steps.filter((step) => typeof step !== "string"), { waitMs: LEFT_OPEN_MS }];
        return play({ ...script, steps, answered: false }, this.#shop.ports[script.role]);
      }),
    );
    await delay(100); // so that they have begun
    for (const fault of await this.#shop.stop()) this.#found(fault);
    await Promise.all(left);
  }

  /** Each door goes on where its last turn ended. */
  async #turn(door: Door, until: number): Promise<void> {
    const count = this.#counts.get(door.name) ?? { iterations: 0, ms: 0, statuses: new Map() };
    this.#counts.set(door.name, count);
    const startedAt = performance.now();
    const worker = async () => {
      while (performance.now() < until && !this.#over) await this.#one(door, count.iterations++);
    };
    await Promise.all(Array.from({ length: this.#options.parallel }, worker));
    count.ms += performance.now() - startedAt;
  }

  async #one(door: Door, iteration: number): Promise<void> {
    const script = door.script(new Chance(this.#options.seed, door.name, iteration));
    const ended = this.#recorder.begin(door.name, iteration, script);
    const answers = await play(script, this.#shop.ports[script.role]);
    ended();
    const statuses = this.#counts.get(door.name)?.statuses;
    for (const status of [...answers.httpStatuses.map((s) => `HTTP ${s}`), ...answers.rpcStatuses.map(String)]) {
      statuses?.set(status, (statuses.get(status) ?? 0) + 1);
    }
    if (this.#options.iteration !== undefined) {
      const { httpStatuses, rpcStatuses, resets, text } = answers;
      console.log("Answered:", { httpStatuses, rpcStatuses, resets, text: text.slice(0, 1000) });
    }
    const fault = faultOf(door, script, answers);
    if (fault !== undefined)
      this.#found(`${door.name} ${iteration} ${fault}: ${answers.text.slice(0, 300)}`, {
        door: door.name,
        iteration,
        script,
      });
  }

  async #watch(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#look();
      await delay(CANARY_EVERY_MS, undefined, { signal }).catch(() => {});
    }
  }

  async #look(): Promise<void> {
    const { ms, fault } = await goodRequests(this.#shop.ports);
    this.slowestMs = Math.max(this.slowestMs, ms);
    const memory = await this.#shop.measure();
    const faults = [...(fault === undefined ? [] : [fault]), ...memory.faults, ...this.#shop.faults()];
    for (const one of faults) this.#found(one);
  }

  /** `cause` is the script that was answered so; undefined where it may have been any of the last ones. */
  #found(what: string, cause?: Omit<Entry, "ended">): void {
    if (this.#over) return;
    if (cause === undefined) this.#suspects ??= this.#recorder.suspects;
    this.findings.push(cause === undefined ? what : `${what}\n  ${this.#recorder.write(cause)}`);
    console.error(`FOUND ${this.findings.at(-1)}`);
  }

  /** Looks for the cause of what no answer told, among what was sent before. */
  async narrow(): Promise<void> {
    if (this.#suspects === undefined) return;
    console.log(`Looking for the cause among the last ${this.#suspects.length} scripts.`);
    const culprit = await culpritAmong(this.#suspects);
    const causes = (culprit === undefined ? this.#suspects : [culprit]).map((entry) => this.#recorder.write(entry));
    console.log(`${culprit === undefined ? "It is none alone; together:" : "It is:"}\n  ${causes.join("\n  ")}`);
  }

  /** One line for each door: how much, how fast, and what the answers were. */
  get report(): string[] {
    return [...this.#counts].map(([name, { iterations, ms, statuses }]) => {
      const perMinute = Math.round((iterations * 60_000) / ms);
      const most = [...statuses].sort(([, a], [, b]) => b - a).map(([status, n]) => `${status}: ${n}`);
      return `${name.padEnd(10)} ${iterations} scripts, ${perMinute} a minute; answers: ${most.join(", ")}`;
    });
  }
}
