// The page's own spans: each call is one, the first of its trace. They are sent where the gateway says; where it says nothing, there are none.
import { Code, ConnectError } from "@connectrpc/connect";
import { statusName } from "../../src/rpc/status-name.ts";
import { type EndedSpan, exportOf } from "./otlp.ts";
import { gatewaySettings } from "./page-settings.ts";
import { isInDoubt, problemOf } from "./problem.ts";
import { randomHex } from "./random.ts";

export type CallSpan = {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** The value of a `traceparent` header. */
  readonly parent: string;
  /** Ends it: well, or for this reason. The second end is none. */
  end(reason?: unknown): void;
};

/** The name of the page in telemetry. */
const SERVICE = "shop-page";
const GATHER_MS = 300;
const MAX_GATHERED = 100;

/** Starts the span of a call to the gateway; undefined where none is wanted. `method`: "pkg.Service/Method". */
export function startSpan(method: string): CallSpan | undefined {
  if (gatewaySettings.tracesUrl === undefined) return undefined;
  const traceId = randomHex(16);
  const spanId = randomHex(8);
  const start = now();
  let isOver = false;
  return {
    traceId,
    parent: `00-${traceId}-${spanId}-01`,
    end(reason) {
      if (isOver) return;
      isOver = true;
      send({ traceId, spanId, name: method, start, end: now(), ...outcome(method, reason) });
    },
  };
}

const now = (): number => performance.timeOrigin + performance.now();

/** As the services have it: what the contract reckons with, such as a declined card, is no failure. Neither is it if somebody looks elsewhere. */
function outcome(method: string, reason: unknown): Pick<EndedSpan, "attributes" | "failure"> {
  const error = reason === undefined ? undefined : ConnectError.from(reason);
  const status = statusName(error?.code);
  const hasFailed = error !== undefined && error.code !== Code.Canceled && isInDoubt(problemOf(error));
  const attributes = {
    "rpc.system.name": "connectrpc",
    "rpc.method": method,
    "rpc.status_code": status,
    "server.address": location.hostname,
    "server.port": Number(location.port || (location.protocol === "https:" ? 443 : 80)),
    ...(hasFailed && { "error.type": status }),
  };
  return { attributes, failure: hasFailed ? error.rawMessage : undefined };
}

let gathered: EndedSpan[] = [];

function send(span: EndedSpan): void {
  gathered.push(span);
  if (gathered.length === 1) setTimeout(flush, GATHER_MS);
  else if (gathered.length >= MAX_GATHERED) flush();
}

/** Gives up what cannot be sent: telemetry must not get in anybody's way. */
function flush(): void {
  const { tracesUrl } = gatewaySettings;
  if (tracesUrl === undefined || gathered.length === 0) return;
  const body = exportOf({ "service.name": SERVICE, "user_agent.original": navigator.userAgent }, SERVICE, gathered);
  gathered = [];
  const headers = { "content-type": "application/x-protobuf" };
  fetch(tracesUrl, { method: "POST", body, headers, credentials: "omit", keepalive: true }).catch(() => {});
}

addEventListener("pagehide", flush);
