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
      series: HISTOGRAMS.flatMap(({ name, side }) =>
        (ownInstruments()?.valuesOf(name) ?? []).map(({ attributes, bounds, counts }) => ({
          side,
          ...endpointOf(attributes),
          failed: attributes[ATTR_ERROR_TYPE] !== undefined,
          bounds: [...bounds],
          counts: counts.map(BigInt),
        })),
      ),
    }),
  });

function endpointOf(attributes: Attributes): { readonly method: string; readonly status: string } {
  const text = (name: string) => String(attributes[name] ?? "");
  return ATTR_HTTP_ROUTE in attributes
    ? {
        method: `${text(ATTR_HTTP_REQUEST_METHOD)} ${text(ATTR_HTTP_ROUTE)}`,
        status: text(ATTR_HTTP_RESPONSE_STATUS_CODE),
      }
    : { method: text(ATTR_RPC_METHOD), status: text(ATTR_RPC_STATUS_CODE) };
}
