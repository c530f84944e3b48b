// mesh.v1.TrafficService: what a workload has served and called, from its own metrics.
import { timestampNow } from "@bufbuild/protobuf/wkt";
import type { Attributes } from "@opentelemetry/api";
import {
  ATTR_ERROR_TYPE,
  ATTR_HTTP_REQUEST_METHOD,
  ATTR_HTTP_RESPONSE_STATUS_CODE,
  ATTR_HTTP_ROUTE,
  ATTR_RPC_METHOD,
  ATTR_RPC_STATUS_CODE,
  METRIC_HTTP_SERVER_REQUEST_DURATION,
  METRIC_RPC_CLIENT_CALL_DURATION,
  METRIC_RPC_SERVER_CALL_DURATION,
} from "@opentelemetry/semantic-conventions";
import { CallSeries_Side as Side, TrafficService } from "../../../gen/mesh/v1/console_service_pb.js";
import type { HistogramValues } from "../../telemetry/cells.ts";
import { ownInstruments } from "../../telemetry/instruments.ts";
import { type Service, service } from "../service.ts";

const HISTOGRAMS = [
  { name: METRIC_RPC_SERVER_CALL_DURATION, side: Side.SERVER },
  { name: METRIC_HTTP_SERVER_REQUEST_DURATION, side: Side.SERVER },
  { name: METRIC_RPC_CLIENT_CALL_DURATION, side: Side.CLIENT },
] as const;

export const trafficService = (): Service =>
  service(TrafficService, {
    getTraffic: () => ({
      time: timestampNow(),
      series: HISTOGRAMS.flatMap(({ name, side }) => summed(ownInstruments()?.valuesOf(name) ?? [], side)),
    }),
  });

/** One of each method and outcome, whatever else tells them apart, such as the version of HTTP. */
function summed(values: readonly HistogramValues[], side: Side) {
  const all = Map.groupBy(values, ({ attributes }) => JSON.stringify(endOf(attributes)));
  return [...all.values()].map((same) => {
    const [{ attributes, bounds }] = same as [HistogramValues];
    const counts = bounds.concat(Infinity).map((_, i) => same.reduce((sum, { counts }) => sum + counts[i]!, 0));
    return { side, ...endOf(attributes), bounds: [...bounds], counts: counts.map(BigInt) };
  });
}

function endOf(attributes: Attributes): { readonly method: string; readonly status: string; readonly failed: boolean } {
  const text = (name: string) => String(attributes[name] ?? "");
  const failed = attributes[ATTR_ERROR_TYPE] !== undefined;
  return ATTR_HTTP_ROUTE in attributes
    ? {
        method: `${text(ATTR_HTTP_REQUEST_METHOD)} ${text(ATTR_HTTP_ROUTE)}`,
        status: text(ATTR_HTTP_RESPONSE_STATUS_CODE),
        failed,
      }
    : { method: text(ATTR_RPC_METHOD), status: text(ATTR_RPC_STATUS_CODE), failed };
}
