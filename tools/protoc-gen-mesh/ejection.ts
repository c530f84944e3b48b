// When a replica is left out for a while, by channels and by sidecars.

/** Failures in a row, of connections or of calls that found it unavailable. */
const FAILURES = 5;
/** No further one while so many are: the others could not do the work, and the fault is hardly that of replicas. */
const MAX_PERCENT = 50;

const ONE_SECOND = { seconds: 1, nanos: 0 };

/** For channels, as https://github.com/grpc/proposal/blob/master/A50-xds-outlier-detection.md has it and grpc-js reads it. */
export const CHANNEL_EJECTION = {
  interval: ONE_SECOND,
  // It grows each time. A channel learns by the next call whether the replica is back, so it can begin with little.
  base_ejection_time: ONE_SECOND,
  max_ejection_time: { seconds: 30, nanos: 0 },
  max_ejection_percent: MAX_PERCENT,
  failure_percentage_ejection: {
    threshold: 90,
    enforcement_percentage: 100,
    minimum_hosts: 2,
    request_volume: FAILURES,
  },
};

/**
 * For sidecars. Errors that a replica returns count for less: it may only pass on those of a peer that is down, and then ejecting it would
 * not help.
 */
export const SIDECAR_EJECTION = {
  splitExternalLocalOriginErrors: true,
  consecutiveLocalOriginFailures: FAILURES,
  consecutiveGatewayErrors: 20,
  // Gateway errors count here too, and the default is 5: the 20 above would have no effect.
  consecutive5xxErrors: 0,
  interval: "5s",
  baseEjectionTime: "15s",
  maxEjectionPercent: MAX_PERCENT,
};
