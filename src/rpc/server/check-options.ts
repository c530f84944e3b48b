import type { ConnectionPolicy, RpcServerLimits } from "./limits.ts";

/** What a number may be: from least to most, whole unless it is a rate. */
type Range = {
  readonly least: number;
  readonly most: number;
  readonly isRate?: boolean;
  readonly mayBeInfinite?: boolean;
};

/** Timers and windows of HTTP/2 have 31 bits. */
const MAX_INT = 2 ** 31 - 1;
/** With a tenth for its spread. */
const MAX_AGE = Math.floor(MAX_INT / 1.1);
const time: Range = { least: 1, most: MAX_INT };
const timeOrNone: Range = { ...time, mayBeInfinite: true };
const bytes: Range = { least: 1, most: MAX_INT };
const count: Range = { least: 1, most: Infinity, mayBeInfinite: true };
const countOrNone: Range = { ...count, least: 0 };

const LIMITS: Readonly<Record<keyof RpcServerLimits, Range>> = {
  readMaxBytes: { least: 1, most: 2 ** 32 - 1 }, // as Connect and the frames of gRPC have it
  compressMinBytes: countOrNone,
  maxHeldBytes: count,
  maxConnections: count,
  maxConnectionsPerAddress: count,
  maxConcurrentStreams: count,
  maxConcurrentCalls: count,
  maxHeaderListBytes: bytes,
  maxHeaderFields: { least: 1, most: 65_535 },
  streamWindowBytes: bytes,
  connectionWindowBytes: { least: 65_535, most: MAX_INT }, // RFC 9113: it begins with that, and can only grow
  resetBurst: countOrNone,
  resetsPerSecond: { ...countOrNone, isRate: true },
  minPingIntervalMs: countOrNone,
  maxPingStrikes: countOrNone,
  readTimeoutMs: timeOrNone,
  writeTimeoutMs: timeOrNone,
  requestTimeoutMs: timeOrNone,
  sniffTimeoutMs: time,
};

/** Throws one RangeError that names all options that a server cannot keep to: most would tell only with the first connection. */
export function checkOptions({ keepalive, maxConnectionAge, idleTimeoutMs, ...limits }: ConnectionPolicy): void {
  const faults: string[] = [];
  const check = (name: string, value: unknown, { least, most, isRate = false, mayBeInfinite = false }: Range) => {
    if (mayBeInfinite && value === Infinity) return;
    const isKind = isRate ? typeof value === "number" : Number.isInteger(value);
    if (isKind && (value as number) >= least && (value as number) <= most) return;
    const kind = isRate ? "a number" : "an integer";
    const range = most === Infinity ? `${kind} of ${least} or more` : `${kind} from ${least} to ${most}`;
    faults.push(`${name} must be ${range}${mayBeInfinite ? ", or Infinity" : ""}, not ${value}`);
  };
  for (const [name, range] of Object.entries(LIMITS)) {
    check(`limits.${name}`, limits[name as keyof RpcServerLimits], range);
  }
  check("idleTimeoutMs", idleTimeoutMs, timeOrNone);
  if (keepalive !== undefined) {
    check("keepalive.timeMs", keepalive.timeMs, time);
    check("keepalive.timeoutMs", keepalive.timeoutMs, time);
  }
  if (maxConnectionAge !== undefined) {
    check("maxConnectionAge.ageMs", maxConnectionAge.ageMs, { least: 1, most: MAX_AGE });
    check("maxConnectionAge.graceMs", maxConnectionAge.graceMs, { least: 0, most: MAX_INT });
  }
  if (faults.length > 0) throw new RangeError(faults.join("; "));
}
