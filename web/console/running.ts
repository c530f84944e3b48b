// A call by hand: what it needs, and what is told of it while it runs.
import type { DescMethod, JsonObject, JsonValue, Registry } from "@bufbuild/protobuf";
import type { Problem } from "../shared/problem.ts";
import type { Trace } from "../shared/tracing.ts";

export const PROTOCOLS = ["Connect", "gRPC-Web", "REST"] as const;
export type Protocol = (typeof PROTOCOLS)[number];

export type Answer = {
  readonly protocol: Protocol;
  readonly isOver: boolean;
  /** The last ones, oldest first. */
  readonly messages: readonly { readonly number: number; readonly afterMs: number; readonly json: JsonValue }[];
  /** How many came. */
  readonly count: number;
  readonly header: readonly (readonly [string, string])[];
  readonly trailer: readonly (readonly [string, string])[];
  /** Of REST: "200 OK". */
  readonly status: string;
  readonly problem: Problem | undefined;
  readonly durationMs: number;
  readonly trace: Trace;
};

export type Request = {
  readonly protocol: Protocol;
  readonly typed: JsonObject;
  /** Headers of the request, as "name: value" in lines. */
  readonly headers: string;
  /** In milliseconds, as typed; empty: that of the contract. */
  readonly timeout: string;
};

/** What a call needs and tells, whatever its protocol. */
export type Running = {
  readonly method: DescMethod;
  readonly request: Request;
  readonly registry: Registry;
  readonly trace: Trace;
  readonly signal: AbortSignal;
  onMessage(json: JsonValue): void;
  tell(news: Partial<Answer>): void;
};

/** Throws an Error for a line that is no header. */
export function headersOf(lines: string): Headers {
  const headers = new Headers();
  for (const line of lines.split("\n").filter((text) => text.trim() !== "")) {
    const colon = line.indexOf(":");
    if (colon < 1) throw new TypeError(`"${line}" is no header: it needs a name, a colon and a value`);
    headers.append(line.slice(0, colon).trim(), line.slice(colon + 1).trim());
  }
  return headers;
}

/** Undefined for nothing. Throws an Error for what is no whole number of milliseconds. */
export function timeoutOf(typed: string): number | undefined {
  if (typed.trim() === "") return undefined;
  if (!/^[1-9]\d{0,8}$/.test(typed.trim()))
    throw new TypeError(`"${typed}" is no timeout: it must be a whole number of milliseconds`);
  return Number(typed);
}
