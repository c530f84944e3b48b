import { useEffect, useState } from "preact/hooks";
import { FaultService } from "../../gen/mesh/v1/fault_service_pb.js";
import { Choice, Field, Notice, ViewHeading } from "../shared/parts.tsx";
import { type Problem, problemOf } from "../shared/problem.ts";
import { getFault, isBroken, NO_FAULT, setFault, type TypedFault } from "./faults.ts";
import { policyOf } from "./policy.ts";
import { serves, type Workload, workloadsNow } from "./system.ts";
import { WORDS } from "./words.ts";

/** The fault switch of each workload that has one. */
export function FaultsView() {
  const switchable = workloadsNow().filter((workload) => serves(workload, FaultService.typeName));
  return (
    <section aria-labelledby="faults">
      <ViewHeading>
        <span id="faults">{WORDS.faults}</span>
      </ViewHeading>
      <p class="hint">{switchable.length === 0 ? WORDS.noSwitches : WORDS.faultsHint}</p>
      <div class="switches">
        {switchable.map((workload) => (
          <FaultSwitch key={workload.name} workload={workload} />
        ))}
      </div>
    </section>
  );
}

function FaultSwitch({ workload }: { workload: Workload }) {
  const [fault, setTyped] = useState(NO_FAULT);
  const [present, setPresent] = useState(NO_FAULT);
  const [problem, setProblem] = useState<Problem | undefined>(undefined);
  const take = (answer: Promise<TypedFault>) => {
    answer.then(
      (now) => {
        setPresent(now);
        setTyped(now);
        setProblem(undefined);
      },
      (error) => setProblem(problemOf(error)),
    );
  };
  useEffect(() => take(getFault(workload)), [workload]);
  const { name, services } = workload;
  const methods = services.flatMap((service) => service.methods).filter((method) => policyOf(method) !== undefined);
  const field = (key: "latencyMs" | "errorPercent" | "hangPercent", path: string) => (
    <Field
      id={`${name}-${key}`}
      label={WORDS.fault[key]}
      isNumber
      value={fault[key]}
      fault={problem?.fields.get(`fault.${path}`)}
      onInput={(typed) => setTyped({ ...fault, [key]: typed })}
    />
  );
  return (
    <form
      class="card switch"
      noValidate
      aria-labelledby={`${name}-switch`}
      onSubmit={(event) => {
        event.preventDefault();
        take(setFault(workload, fault));
      }}
    >
      <h2 id={`${name}-switch`}>{name}</h2>
      <p class={isBroken(present) ? "state rejected" : "state created"} role="status">
        {isBroken(present) ? WORDS.broken : WORDS.whole}
      </p>
      {field("latencyMs", "latency")}
      {field("errorPercent", "error_ratio")}
      {field("hangPercent", "hang_ratio")}
      <Choice
        id={`${name}-method`}
        label={WORDS.fault.method}
        value={fault.method}
        options={[["", WORDS.allMethods], ...methods.map((method) => [method.name, method.name] as const)]}
        onChange={(method) => setTyped({ ...fault, method })}
      />
      <p class="row">
        <button type="submit" class="main">
          {WORDS.break}
        </button>
        <button type="button" onClick={() => take(setFault(workload, NO_FAULT))}>
          {WORDS.mend}
        </button>
      </p>
      {problem && <Notice kind="bad">{problem.message}</Notice>}
    </form>
  );
}
