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
  /** All fields of the request but those that change from one attempt to the next. */
  readonly fields: readonly string[];
  readonly signal: AbortSignal | undefined;
  /** Epoch milliseconds, or Infinity. */
  readonly deadline: number;
};

export const PREVIOUS_ATTEMPTS = "grpc-previous-rpc-attempts";

/** The fields of the request, when `previous` attempts have failed. */
export function attemptFields({ fields, deadline }: CallStart, previous: number): readonly string[] {
  if (deadline === Number.POSITIVE_INFINITY && previous === 0) return fields;
  const all = fields.slice();
  if (deadline !== Number.POSITIVE_INFINITY) all.push("grpc-timeout", timeoutField(deadline - Date.now()));
  if (previous > 0) all.push(PREVIOUS_ATTEMPTS, String(previous));
  return all;
}

/** Of grpc-timeout: at most eight digits and a unit. */
function timeoutField(ms: number): string {
  const whole = Math.max(Math.ceil(ms), 1);
  return whole < 1e8 ? `${whole}m` : `${Math.min(Math.ceil(whole / 1000), 99_999_999)}S`;
}
