// The page's own spans: each call is one, the first of its trace. They are sent where the gateway says; where it says nothing, there are none.
import { type Attributes, type EndedSpan, exportOf } from "./otlp.ts";
import { gatewaySettings } from "./page-settings.ts";
import { randomHex } from "./random.ts";

/** How a call ended. */
export type SpanEnd = {
  readonly attributes: Attributes;
  /** What failed; undefined: nothing. */
  readonly failure: string | undefined;
};

export type CallSpan = {
  /** 32 hexadecimal digits. */
  readonly traceId: string;
  /** The value of a `traceparent` header. */
  readonly parent: string;
  /** The second end is none. */
  end(how: SpanEnd): void;
};

/** The names of the pages in telemetry. */
const SERVICE = location.pathname.startsWith("/console") ? "console-page" : "shop-page";
const GATHER_MS = 300;
const MAX_GATHERED = 100;

/**
 * Starts the span of a call to the gateway; undefined where none is wanted. A browser tells the gateway only over HTTPS and at localhost that a
 * call is the page's. Elsewhere its trace would not be recorded, so that this span would be all of it.
 */
export function startSpan(name: string, attributes: Attributes): CallSpan | undefined {
  if (gatewaySettings.tracesUrl === undefined || !isSecureContext) return undefined;
  const traceId = randomHex(16);
  const spanId = randomHex(8);
  const start = now();
  let isOver = false;
  return {
    traceId,
    parent: `00-${traceId}-${spanId}-01`,
    end(how) {
      if (isOver) return;
      isOver = true;
      const all = { ...attributes, ...SERVER, ...how.attributes };
      send({ traceId, spanId, name, start, end: now(), attributes: all, failure: how.failure });
    },
  };
}

const SERVER = {
  "server.address": location.hostname,
  "server.port": Number(location.port || (location.protocol === "https:" ? 443 : 80)),
};

const now = (): number => performance.timeOrigin + performance.now();

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
