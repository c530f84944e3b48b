import { setTimeout as delay } from "node:timers/promises";
import type { RoleName } from "../../../src/roles.ts";
import type { PostgresPair } from "../../support/postgres-pair.ts";
import type { Random } from "../../support/random.ts";
import type { Replicas } from "../../support/replicas.ts";
import type { StallingProxy } from "../../support/stalling-proxy.ts";

export type Target = {
  /** Its roles call each other through links. */
  readonly shop: Replicas;
  readonly database: PostgresPair;
  /** Stands between all roles and the primary. */
  readonly proxy: StallingProxy;
};

const NETWORK = ["cut", "slow", "answers lost", "drop silently"] as const;
type NetworkKind = (typeof NETWORK)[number];
type Kind =
  | "kill"
  | "pause"
  | "clock skew"
  | "database shutdown"
  | "database crash"
  | "database failover"
  | `${"database" | "network"} ${NetworkKind}`;
const KINDS: readonly Kind[] = [
  "kill",
  "pause",
  "clock skew",
  "database shutdown",
  "database crash",
  "database failover",
  ...NETWORK.flatMap((kind) => [`database ${kind}`, `network ${kind}`] as const),
];
const ROLES: readonly RoleName[] = ["gateway", "order", "order", "payment", "payment", "user"];
const CALLED: readonly RoleName[] = ["order", "payment", "user"];
const HOUR_MS = 3_600_000;

/** A fault, decided beforehand, so that a seed gives the same ones however fast the machine is. */
export type Fault = {
  readonly kind: Kind;
  readonly role: RoleName;
  /** Of a fault of the network: whose callers see it. */
  readonly called: RoleName;
  readonly replica: number;
  readonly lastsMs: number;
  /** From its end to the next one. */
  readonly restMs: number;
  readonly skewMs: number;
  readonly latencyMs: number;
};

/** Faults for about so many milliseconds, of each kind once before any comes again, so that short runs see all of them. */
export function scheduleOf(random: Random, durationMs: number): Fault[] {
  const faults: Fault[] = [];
  let kinds: Kind[] = [];
  for (let at = 0; at < durationMs; ) {
    if (kinds.length === 0) kinds = [...KINDS];
    const [kind] = kinds.splice(Math.floor(random() * kinds.length), 1);
    const called = CALLED[Math.floor(random() * CALLED.length)]!;
    const role = ROLES[Math.floor(random() * ROLES.length)]!;
    const lastsMs = Math.round(300 + random() * 2_500);
    const restMs = Math.round(random() * 1_500);
    const skewMs = random() < 0.5 ? HOUR_MS : -HOUR_MS;
    const latencyMs = Math.round(50 + random() * 450);
    const replica = random() < 0.5 ? 0 : 1;
    faults.push({ kind: kind!, role, called, replica, lastsMs, restMs, skewMs, latencyMs });
    at += lastsMs + restMs;
  }
  return faults;
}

/** Does one fault and ends it. What it leaves is for the shop to repair. */
export async function inflict(fault: Fault, target: Target): Promise<void> {
  const { kind, role, replica, lastsMs, skewMs } = fault;
  const { shop, database, proxy } = target;
  const process = shop.process(role, replica);
  switch (kind) {
    case "kill":
    case "clock skew":
      await process.kill("SIGKILL");
      await delay(lastsMs);
      return shop.restart(role, replica, kind === "kill" ? {} : { CLOCK_SKEW_MS: String(skewMs) });
    case "pause":
      void process.kill("SIGSTOP");
      await delay(lastsMs);
      return void process.kill("SIGCONT");
    case "database shutdown":
    case "database crash":
      await database.primary.stop(kind === "database crash" ? "SIGQUIT" : "SIGINT");
      await delay(lastsMs);
      return database.primary.start();
    case "database failover": {
      const successor = await database.failOver();
      proxy.redirect(Number(new URL(successor.url).port));
      await delay(lastsMs); // it can be read meanwhile, but not written to
      return successor.promoted();
    }
    default: {
      const inDatabase = kind.startsWith("database ");
      const what = kind.replace(/^\w+ /, "") as NetworkKind;
      return disturb(inDatabase ? proxy : shop.link(fault.called, replica), what, fault);
    }
  }
}

async function disturb(link: StallingProxy, what: NetworkKind, { lastsMs, latencyMs }: Fault): Promise<void> {
  switch (what) {
    case "cut":
      return link.cut();
    case "slow":
      link.slow(latencyMs);
      await delay(lastsMs);
      return link.slow(0);
    case "answers lost": // what is asked takes effect, and nobody hears of it
      link.stall();
      await delay(lastsMs);
      return link.resume();
    case "drop silently":
      return link.forget();
  }
}
