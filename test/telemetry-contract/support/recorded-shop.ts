import { randomBytes } from "node:crypto";
import { type ShopProcesses, type ShopProcessesOptions, startShopProcesses } from "../../support/shop-processes.ts";
import { type OtlpBackend, startOtlpBackend } from "../../telemetry/support/otlp-backend.ts";
import { openDoors } from "./doors.ts";
import type { Answer, Kind } from "./kind.ts";

/** A request that was sent, by which its telemetry is found. */
export type Sent = {
  readonly kind: Kind;
  readonly traceId: string;
  readonly parentId: string;
  readonly answer: Answer;
};

/** A shop of four processes that sends all its telemetry to a backend of the test. */
export type RecordedShop = {
  readonly shop: ShopProcesses;
  readonly backend: OtlpBackend;
  readonly sent: readonly Sent[];
  /** Sends the requests of these kinds, kind after kind. */
  send(kinds: readonly Kind[]): Promise<void>;
  /** Ends all that runs, which flushes what it has recorded. */
  close(): Promise<void>;
};

/** Everything is sampled, and exported soon. */
const EXPORT_SOON = {
  OTEL_SDK_DISABLED: "false",
  OTEL_TRACES_SAMPLER_ARG: "1",
  OTEL_METRIC_EXPORT_INTERVAL: "1000",
  OTEL_BSP_SCHEDULE_DELAY: "100",
  OTEL_BLRP_SCHEDULE_DELAY: "100",
  LOG_LEVEL: "debug",
};

/** As many as a burst of clients, and fewer than the queues of telemetry hold. */
const AT_ONCE = 20;
const DEFAULT_TIMES = 10;

export const timesOf = ({ times = DEFAULT_TIMES }: Kind): number => times;

export async function startRecordedShop(options: ShopProcessesOptions = {}): Promise<RecordedShop> {
  const backend = await startOtlpBackend();
  const env = { ...EXPORT_SOON, OTEL_EXPORTER_OTLP_ENDPOINT: backend.url, ...options.env };
  const shop = await startShopProcesses({ ...options, env });
  const doors = openDoors((role) => shop.process(role).port);
  const sent: Sent[] = [];
  const orders: string[] = [];

  async function sendOne(kind: Kind, n: number): Promise<void> {
    const [traceId, parentId] = [randomBytes(16).toString("hex"), randomBytes(8).toString("hex")];
    // To the gateway one in two says that it is not sampled, which it does not believe of strangers.
    const flags = kind.unsampled !== undefined || (kind.role === "gateway" && n % 2 === 1) ? "00" : "01";
    const trace = { traceparent: `00-${traceId}-${parentId}-${flags}` };
    const answer = await kind.send({ doors, n, trace, orders });
    if (kind.untraced) sent.push({ kind, traceId: answer.traceResponse?.split("-")[1] ?? "", parentId: "", answer });
    else sent.push({ kind, traceId, parentId, answer });
  }

  return {
    shop,
    backend,
    sent,
    async send(kinds) {
      for (const kind of kinds) {
        const rest = Array.from({ length: timesOf(kind) }, (_, n) => n);
        while (rest.length > 0) await Promise.all(rest.splice(0, AT_ONCE).map((n) => sendOne(kind, n)));
      }
    },
    async close() {
      await doors.close();
      await shop.close().finally(() => backend.close());
    },
  };
}
