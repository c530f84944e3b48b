import type { ServiceConfig } from "./service-config.ts";

/** When an address gets no calls for a while. */
export type EjectionSettings = {
  /** So many calls in a row that found the server UNAVAILABLE. */
  readonly failures: number;
  readonly firstMs: number;
  readonly longestMs: number;
  /** No more addresses are ejected at a time, in percent, but for one, which always may be. */
  readonly maxPercent: number;
};

type Duration = { readonly seconds: number; readonly nanos: number };

/** The fields of https://github.com/grpc/proposal/blob/master/A50-xds-outlier-detection.md that matter here. */
type OutlierDetection = {
  readonly base_ejection_time: Duration;
  readonly max_ejection_time: Duration;
  readonly max_ejection_percent: number;
  readonly failure_percentage_ejection: { readonly request_volume: number };
};

/**
 * The ejection that a service config has as its first policy, where others are for clients that do not know it. Ours needs no interval: it
 * counts failures in a row, so an address is ejected with the call that is one too many.
 */
export function readEjection({ loadBalancingConfig }: Partial<ServiceConfig>): EjectionSettings | undefined {
  const config = loadBalancingConfig?.[0]?.outlier_detection as OutlierDetection | undefined;
  if (config === undefined) return undefined;
  return {
    failures: config.failure_percentage_ejection.request_volume,
    firstMs: millisecondsOf(config.base_ejection_time),
    longestMs: millisecondsOf(config.max_ejection_time),
    maxPercent: config.max_ejection_percent,
  };
}

const millisecondsOf = ({ seconds, nanos }: Duration): number => seconds * 1000 + nanos / 1e6;
