import type { Yaml } from "../yaml-file.ts";
import { ALERTS, BURN_RATES, type BurnRate, WINDOWS } from "./burn-rates.ts";
import { labelsOf, type ServiceObjective } from "./objectives.ts";

const CALLS = "slo:calls:rate5m";
const GOOD_CALLS = "slo:good_calls:rate5m";
const BAD_CALLS = "slo:bad_calls:rate5m";
const BUDGET = "slo:error_budget:ratio";
const badRatio = (window: string): string => `slo:bad_calls:ratio_rate${window}`;

/** Recording rules for each objective, and alerts that hold for all of them. */
export function ruleGroups(objectives: readonly ServiceObjective[]): Yaml {
  return {
    groups: [
      { name: "slo-calls", rules: objectives.flatMap(countedCalls) },
      { name: "slo-bad-calls", rules: [BAD, ...WINDOWS.map(ratioOver)] },
      { name: "slo-alerts", rules: BURN_RATES.map(alert) },
    ],
  };
}

function countedCalls(objective: ServiceObjective): Yaml[] {
  const labels = labelsOf(objective);
  return [
    { record: CALLS, expr: objective.calls, labels },
    { record: GOOD_CALLS, expr: objective.goodCalls, labels },
    { record: BUDGET, expr: `vector(${objective.budget})`, labels },
  ];
}

/** Series are not read all at the same moment, so that the difference may be a little below 0. */
const BAD: Yaml = { record: BAD_CALLS, expr: `clamp_min(${CALLS} - ${GOOD_CALLS}, 0)` };

/** Sums of rates, not means of ratios: a quiet night must not weigh as much as a busy day. */
function ratioOver(window: string): Yaml {
  const over = (name: string) => (window === "5m" ? name : `sum_over_time(${name}[${window}])`);
  return { record: badRatio(window), expr: `${over(BAD_CALLS)} / ${over(CALLS)}` };
}

function alert({ factor, long, short, severity }: BurnRate): Yaml {
  const burns = (window: string) => `${badRatio(window)} > ${factor} * ${BUDGET}`;
  return {
    alert: ALERTS[severity],
    expr: `${burns(long)} and ${burns(short)}`,
    labels: { severity, window: long },
    annotations: annotationsOf({ factor, long }),
  };
}

/** With the labels of an objective, the text that an alert has; without, its template. */
export function annotationsOf(
  { factor, long }: Pick<BurnRate, "factor" | "long">,
  labels: Readonly<Record<"workload" | "service" | "method" | "objective", string>> = TEMPLATE,
): Readonly<Record<"summary" | "runbook", string>> {
  const { workload, service, method, objective } = labels;
  const speed = factor === 1 ? "faster" : `${factor} times faster`;
  return {
    summary: `${service}/${method} of ${workload}: over ${long}, the error budget of its ${objective} was used ${speed} than it may be`,
    runbook: `docs/runbooks.md#${objective}`,
  };
}

const TEMPLATE = {
  workload: "{{ $labels.workload }}",
  service: "{{ $labels.service }}",
  method: "{{ $labels.method }}",
  objective: "{{ $labels.objective }}",
};
