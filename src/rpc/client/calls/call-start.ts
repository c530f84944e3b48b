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
  /** Those of this call, but for what changes from one attempt to the next. With a deadline, the first of them is grpc-timeout, for any time. */
  readonly ownFields: string[];
  readonly signal: AbortSignal | undefined;
  /** Epoch milliseconds, or Infinity. */
  readonly deadline: number;
};

export const PREVIOUS_ATTEMPTS = "grpc-previous-rpc-attempts";

/** The first of a call's own fields, if it has a deadline. */
export const timeoutFields = (deadline: number): string[] =>
  deadline === Number.POSITIVE_INFINITY ? [] : ["grpc-timeout", ""];

/** The call's own fields in the request, when `previous` attempts have failed; undefined for none. Valid until the next attempt. */
export function attemptFields({ ownFields, deadline }: CallStart, previous: number): readonly string[] | undefined {
  if (deadline !== Number.POSITIVE_INFINITY) ownFields[1] = timeoutField(deadline - Date.now());
  if (previous > 0) return [...ownFields, PREVIOUS_ATTEMPTS, String(previous)];
  return ownFields.length === 0 ? undefined : ownFields;
}

/** Of grpc-timeout: at most eight digits and a unit. */
function timeoutField(ms: number): string {
  const whole = Math.max(Math.ceil(ms), 1);
  return whole < 1e8 ? `${whole}m` : `${Math.min(Math.ceil(whole / 1000), 99_999_999)}S`;
}
