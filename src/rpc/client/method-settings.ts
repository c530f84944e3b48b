// What a service config says of each method. https://github.com/grpc/proposal/blob/master/A6-client-retries.md
import type { Code } from "@connectrpc/connect";
import { codeNamed } from "../status-name.ts";
import { RetryThrottle } from "./calls/retry-throttle.ts";
import type { ServiceConfig } from "./service-config.ts";

export type RetryPolicy = {
  readonly maxAttempts: number;
  readonly initialBackoffMs: number;
  readonly maxBackoffMs: number;
  readonly backoffMultiplier: number;
  readonly codes: ReadonlySet<Code>;
};

export type MethodSetting = { readonly timeoutMs: number; readonly retries: RetryPolicy | undefined };

export type MethodSettings = {
  /** The setting of a method's path, "/package.Service/Method": its own, or its service's, or that of all. */
  of(path: string): MethodSetting;
  /** Shared by all calls; undefined without retries. */
  readonly throttle: RetryThrottle | undefined;
};

/** No client tries a call more often, whatever its policy says. */
const MAX_ATTEMPTS = 5;

const NO_SETTING: MethodSetting = { timeoutMs: Number.POSITIVE_INFINITY, retries: undefined };

export function readServiceConfig(config: Partial<ServiceConfig>, retries: boolean): MethodSettings {
  const settings = new Map<string, MethodSetting>();
  for (const { name, timeout, retryPolicy } of config.methodConfig ?? []) {
    const setting = {
      timeoutMs: timeout === undefined ? Number.POSITIVE_INFINITY : millisecondsOf(timeout),
      retries: retryPolicy === undefined || !retries ? undefined : policyOf(retryPolicy),
    };
    for (const { service = "", method = "" } of name) settings.set(`/${service}/${method}`, setting);
  }
  const { retryThrottling } = config;
  return {
    of: (path) => settings.get(path) ?? settings.get(path.replace(/[^/]*$/, "")) ?? settings.get("//") ?? NO_SETTING,
    throttle: retryThrottling === undefined || !retries ? undefined : new RetryThrottle(retryThrottling),
  };
}

function policyOf(policy: NonNullable<ServiceConfig["methodConfig"][number]["retryPolicy"]>): RetryPolicy {
  return {
    maxAttempts: Math.min(policy.maxAttempts, MAX_ATTEMPTS),
    initialBackoffMs: millisecondsOf(policy.initialBackoff),
    maxBackoffMs: millisecondsOf(policy.maxBackoff),
    backoffMultiplier: policy.backoffMultiplier,
    codes: new Set(policy.retryableStatusCodes.map(codeNamed)),
  };
}

/** Of "0.250000000s". */
function millisecondsOf(duration: string): number {
  if (!/^\d+(\.\d+)?s$/.test(duration)) throw new Error(`invalid duration ${JSON.stringify(duration)}`);
  return Number.parseFloat(duration) * 1000;
}
