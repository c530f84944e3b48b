import { useEffect, useRef, useState } from "preact/hooks";
import { type Fault, FaultService } from "../../gen/mesh/v1/fault_service_pb.js";
import { Choice, Field, Notice, ViewHeading } from "../shared/parts.tsx";
import { type Problem, problemOf } from "../shared/problem.ts";
import {
  ALL,
  faultOf,
  getFault,
  isBroken,
  MENDED,
  SEVERAL,
  setFault,
  type TypedFault,
  typedFault,
  wrongFields,
} from "./faults.ts";
import { policyOf } from "./policy.ts";
import { serves, type Workload, workloadsNow } from "./system.ts";
import { WORDS } from "./words.ts";

/** The fault switch of each workload that has one. */
export function FaultsView() {
  const switchable = workloadsNow().filter((workload) => serves(workload, FaultService.typeName));
  return (
    <section aria-labelledby="faults">
      <ViewHeading id="faults" page={WORDS.title}>
        {WORDS.faults}
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
  const [present, setPresent] = useState(MENDED);
  /** Undefined: what is present was not touched. */
  const [touched, setTyped] = useState<TypedFault | undefined>(undefined);
  const typed = touched ?? typedFault(present);
  const [problem, setProblem] = useState<Problem | undefined>(undefined);
  const [isBusy, setBusy] = useState(true);
  const isGone = useRef(false);
  const take = async (answer: Promise<Fault>, isSet: boolean) => {
    setBusy(true);
    try {
      const now = await answer;
      if (isGone.current) return;
      setPresent(now);
      if (isSet) setTyped(undefined);
      setProblem(undefined);
    } catch (error) {
      setProblem(problemOf(error));
    }
    setBusy(false);
  };
  useEffect(() => {
    void take(getFault(workload), false);
    return () => {
      isGone.current = true;
    };
  }, [workload]);
  const { name, services } = workload;
  const methods = services.flatMap((service) => service.methods).filter((method) => policyOf(method) !== undefined);
  const wrong = wrongFields(typed);
  const field = (key: "latencyMs" | "errorPercent" | "hangPercent", path: string) => (
    <Field
      id={`${name}-${key}`}
      label={WORDS.fault[key]}
      isNumber
      value={typed[key]}
      fault={wrong.has(key) ? WORDS.noNumber : problem?.fields.get(`fault.${path}`)}
      onInput={(value) => setTyped({ ...typed, [key]: value })}
    />
  );
  return (
    <form
      class="card switch"
      noValidate
      aria-labelledby={`${name}-switch`}
      onSubmit={(event) => {
        event.preventDefault();
        if (wrong.size === 0 && !isBusy) void take(setFault(workload, faultOf(typed, present)), true);
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
        value={typed.method}
        options={[
          [ALL, WORDS.allMethods],
          ...methods.map((method) => [method.name, method.name] as const),
          ...(present.methods.length > 1 ? ([[SEVERAL, present.methods.join(", ")]] as const) : []),
        ]}
        onChange={(method) => setTyped({ ...typed, method })}
      />
      <p class="row">
        <button type="submit" class="main" disabled={isBusy}>
          {WORDS.break}
        </button>
        <button type="button" disabled={isBusy} onClick={() => void take(setFault(workload, MENDED), true)}>
          {WORDS.mend}
        </button>
      </p>
      {problem && <Notice kind="bad">{problem.message}</Notice>}
    </form>
  );
}
