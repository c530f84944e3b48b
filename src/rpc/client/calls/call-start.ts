import type { DescMethod } from "@bufbuild/protobuf";
import type { CallSettings } from "../channel-options.ts";
import type { Balancer } from "../connections/balancer.ts";
import type { Method } from "../method.ts";
import type { MethodSetting } from "../method-settings.ts";

/** What all calls of a channel share. */
export type Channel = { readonly balancer: Balancer; readonly settings: CallSettings; readonly waitForReady: boolean };

/** What a call begins with. */
export type CallStart<D extends DescMethod = DescMethod> = {
  readonly channel: Channel;
  readonly method: Method<D>;
  readonly setting: MethodSetting;
  /** The fields of the request that all calls of the method have. */
  readonly fields: readonly string[];
  /** Those of this call, but for what changes from one attempt to the next. */
  readonly ownFields: readonly string[];
  readonly signal: AbortSignal | undefined;
  /** Epoch milliseconds, or Infinity. */
  readonly deadline: number;
};

export const PREVIOUS_ATTEMPTS = "grpc-previous-rpc-attempts";

/** The fields of the request, when `previous` attempts have failed. */
export function attemptFields({ fields, ownFields, deadline }: CallStart, previous: number): readonly string[] {
  const hasDeadline = deadline !== Number.POSITIVE_INFINITY;
  if (ownFields.length === 0 && !hasDeadline && previous === 0) return fields;
  // Joined once: an array that grows has room for as many fields again, and node keeps it as long as the stream.
  const timeout = hasDeadline ? ["grpc-timeout", timeoutField(deadline - Date.now())] : NONE;
  return fields.concat(ownFields, timeout, previous > 0 ? [PREVIOUS_ATTEMPTS, String(previous)] : NONE);
}

const NONE: readonly string[] = [];

/** Of grpc-timeout: at most eight digits and a unit. */
function timeoutField(ms: number): string {
  const whole = Math.max(Math.ceil(ms), 1);
  return whole < 1e8 ? `${whole}m` : `${Math.min(Math.ceil(whole / 1000), 99_999_999)}S`;
}
