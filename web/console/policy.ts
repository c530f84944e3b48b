// What the contract says of a method, beside its messages.
import { type DescMethod, getOption, hasOption } from "@bufbuild/protobuf";
import { type Duration, durationMs, MethodOptions_IdempotencyLevel as Idempotency } from "@bufbuild/protobuf/wkt";
import { Criticality, type Policy, policy } from "../../gen/mesh/v1/policy_pb.js";
import { ownerOf, type Workload } from "./system.ts";
import { shownSeconds, shownShare } from "./units.ts";
import { WORDS } from "./words.ts";

/** The policy of a method; undefined for what is not part of the mesh. */
export const policyOf = (method: DescMethod): Policy | undefined =>
  hasOption(method, policy) ? getOption(method, policy) : undefined;

/** The workloads that a workload calls, by the policies of its methods. */
export function calledWorkloads({ services }: Workload): Set<string> {
  const called = services.flatMap(({ methods }) => methods.flatMap((method) => policyOf(method)?.calls ?? []));
  const owners = called.map((name) => ownerOf(name.slice(0, name.lastIndexOf(".")))?.name);
  return new Set(owners.filter((name) => name !== undefined));
}

const MAX_REQUEST_BYTES = 8192;
const CRITICALITY = {
  [Criticality.UNSPECIFIED]: WORDS.criticality.normal,
  [Criticality.CRITICAL]: WORDS.criticality.critical,
  [Criticality.SHEDDABLE]: WORDS.criticality.sheddable,
};
const IDEMPOTENCY = {
  [Idempotency.IDEMPOTENCY_UNKNOWN]: WORDS.idempotency.unknown,
  [Idempotency.NO_SIDE_EFFECTS]: WORDS.idempotency.none,
  [Idempotency.IDEMPOTENT]: WORDS.idempotency.idempotent,
};

/** A method's policy and objective as names and values. */
export function factsOf(method: DescMethod): [name: string, value: string][] {
  const repeats: [string, string] = [WORDS.facts.repeated, IDEMPOTENCY[method.idempotency]];
  const rules = policyOf(method);
  if (rules === undefined) return [repeats];
  const { timeout, retry, callers, calls, criticality, objective, maxRequestBytes } = rules;
  const seconds = (duration: Duration) => shownSeconds(durationMs(duration) / 1000);
  const codes = retry && retry.codes.length > 0 ? retry.codes.join(", ") : WORDS.facts.unseen;
  return [
    [WORDS.facts.deadline, timeout ? seconds(timeout) : WORDS.facts.noDeadline],
    [WORDS.facts.retries, retry ? WORDS.facts.attempts(retry.attempts, codes) : WORDS.facts.noRetries],
    [WORDS.facts.callers, callers.join(", ") || WORDS.facts.nobody],
    ...(calls.length > 0 ? ([[WORDS.facts.calls, calls.join(", ")]] satisfies [string, string][]) : []),
    [WORDS.facts.criticality, CRITICALITY[criticality]],
    ...(objective
      ? ([
          [
            WORDS.facts.objective,
            [
              WORDS.facts.available(shownShare(objective.availability)),
              objective.latency && WORDS.facts.quick(shownShare(objective.latencyRatio), seconds(objective.latency)),
            ]
              .filter(Boolean)
              .join(", "),
          ],
        ] satisfies [string, string][])
      : []),
    [WORDS.facts.size, WORDS.facts.bytes(maxRequestBytes || MAX_REQUEST_BYTES)],
    repeats,
  ];
}
