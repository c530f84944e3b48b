// What Prometheus knows of the calls of an RPC, by the metrics that its workload exports of all of them, sampled or not.
import type { Rpc } from "../contract.ts";

/** A metric and what its labels must be, such as `requests_count{job="shop"}`. */
type Selector = string;

/** Refused for too much load: to the caller no better than a failure, though the server is well. */
const NOT_OVERLOADED = { rpc: 'rpc_status_code!="RESOURCE_EXHAUSTED"', http: 'http_response_status_code!="429"' };
const NO_FAULT = 'error_type=""';

export type Calls = {
  /** All calls. */
  readonly all: string;
  /** Those that were answered as they should be, which includes what the caller did wrong. */
  readonly good: string;
  /** Of these, those that took no longer than so many seconds, which must be a bound of the histograms' buckets. */
  quick(seconds: number): string;
};

/** Expressions for calls a second, over five minutes. They are 0 where there were none. */
export function callsOf(rpc: Rpc): Calls {
  const good = (suffix: string, ...more: string[]) => [
    ...rpcSelectors(rpc, suffix, [NO_FAULT, NOT_OVERLOADED.rpc, ...more]),
    ...restSelectors(rpc, suffix, [NO_FAULT, NOT_OVERLOADED.http, ...more]),
  ];
  return {
    all: perSecond([...rpcSelectors(rpc, "count", []), ...restSelectors(rpc, "count", [])]),
    good: perSecond(good("count")),
    quick: (seconds) => perSecond(good("bucket", `le=~"${bound(seconds)}"`)),
  };
}

const perSecond = (selectors: readonly Selector[]): string =>
  selectors.map((selector) => `(sum(rate(${selector}[5m])) or vector(0))`).join(" + ");

function rpcSelectors(rpc: Rpc, suffix: string, more: readonly string[]): Selector[] {
  const labels = [jobOf(rpc.workload), `rpc_method="${rpc.path.slice(1)}"`, ...more];
  return [`rpc_server_call_duration_seconds_${suffix}{${labels.join(",")}}`];
}

/** Calls over REST are HTTP requests, and no RPCs. */
function restSelectors(rpc: Rpc, suffix: string, more: readonly string[]): Selector[] {
  return rpc.rest.map(({ httpMethod, template }) => {
    const endpoint = [`http_request_method="${httpMethod}"`, `http_route="${template.source}"`];
    return `http_server_request_duration_seconds_${suffix}{${[jobOf(rpc.workload), ...endpoint, ...more].join(",")}}`;
  });
}

/** The job is the service's name, after its namespace if it has one. */
export const jobOf = (workload: string): string => `job=~"(.+/)?${workload}"`;

/** Prometheus before version 3 and after write whole numbers in two ways. */
const bound = (seconds: number): string => (Number.isInteger(seconds) ? `${seconds}(\\\\.0)?` : String(seconds));
