// Tests of the rules for `promtool test rules`: each alert comes when its objective is broken, and no other does.
import type { Yaml } from "../yaml-file.ts";
import { ALERTS, BURN_RATES, type BurnRate } from "./burn-rates.ts";
import { labelsOf, type ServiceObjective } from "./objectives.ts";
import { annotationsOf } from "./rules.ts";

/** So many calls in each step, for a little more than the first window. */
const CALLS = 100_000;
const STEP_MINUTES = 2;
const STEPS = 35;
/** Seldom, since each takes time; a value is seen for five minutes. */
const EVALUATED_EVERY = "4m";

/** A little more than what wakes somebody up, and a little less than what anybody is told. */
const TOO_FAST = 14.5;
const SLOWLY = 0.9;

export function ruleTests(objectives: readonly ServiceObjective[], rulesFile: string): Yaml {
  return {
    rule_files: [rulesFile],
    evaluation_interval: EVALUATED_EVERY,
    tests: [
      test(
        "all budgets are used slowly",
        objectives.flatMap((objective) => inputSeries(objective, SLOWLY)),
        [],
      ),
      ...objectives.map((objective) => {
        const { service, method, objective: kind } = labelsOf(objective);
        return test(`${service}/${method}: ${kind}`, inputSeries(objective, TOO_FAST), alertsOf(objective));
      }),
    ],
  };
}

type Alert = { readonly severity: BurnRate["severity"]; readonly expected: Yaml };

function test(name: string, series: readonly Yaml[], alerts: readonly Alert[]): Yaml {
  return {
    name,
    interval: `${STEP_MINUTES}m`,
    input_series: series,
    alert_rule_test: (["page", "ticket"] as const).map((severity) => ({
      alertname: ALERTS[severity],
      eval_time: `${STEPS * STEP_MINUTES}m`,
      exp_alerts: alerts.filter((alert) => alert.severity === severity).map(({ expected }) => expected),
    })),
  };
}

/** So early, all windows show what there was so far. */
function alertsOf(objective: ServiceObjective): Alert[] {
  const labels = labelsOf(objective);
  return BURN_RATES.map(({ factor, long, severity }) => ({
    severity,
    expected: {
      exp_labels: { ...labels, severity, window: long },
      exp_annotations: annotationsOf({ factor, long }, labels),
    },
  }));
}

/** Calls over REST where there is REST, of which so many break the objective that its budget is used at this speed. */
function inputSeries({ rpc, kind, budget }: ServiceObjective, speed: number): Yaml[] {
  const bad = Math.round(CALLS * budget * speed);
  const isBroken = kind === "availability";
  const [binding] = rpc.rest;
  const name = binding === undefined ? "rpc_server_call_duration_seconds" : "http_server_request_duration_seconds";
  const endpoint =
    binding === undefined
      ? `rpc_method="${rpc.path.slice(1)}"`
      : `http_request_method="${binding.httpMethod}",http_route="${binding.template.source}"`;
  const status = (isOk: boolean): string => {
    if (binding === undefined)
      return isOk ? 'rpc_status_code="OK"' : 'rpc_status_code="INTERNAL",error_type="INTERNAL"';
    return isOk ? 'http_response_status_code="200"' : 'http_response_status_code="500",error_type="500"';
  };
  const series = (suffix: string, isOk: boolean, perStep: number, more = ""): Yaml => ({
    series: `${name}_${suffix}{job="tracemesh/${rpc.workload}",${endpoint},${status(isOk)}${more}}`,
    values: `0+${perStep}x${STEPS}`,
  });
  const good = isBroken ? CALLS - bad : CALLS;
  const quickMs = rpc.objective?.latency?.thresholdMs;
  return [
    series("count", true, good),
    ...(isBroken ? [series("count", false, bad)] : []),
    ...(quickMs === undefined
      ? []
      : [
          series("bucket", true, isBroken ? good : good - bad, `,le="${quickMs / 1000}"`),
          series("bucket", true, good, ',le="+Inf"'),
        ]),
  ];
}
