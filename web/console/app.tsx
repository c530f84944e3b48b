import type { DescService } from "@bufbuild/protobuf";
import { useEffect } from "preact/hooks";
import { Notice } from "../shared/parts.tsx";
import { route } from "../shared/route.ts";
import { answer, stopCall } from "./call.ts";
import { FaultsView } from "./faults-view.tsx";
import { MethodView } from "./method-view.tsx";
import { policyOf } from "./policy.ts";
import { addressOf, calledBy, system, type Workload, workloadsNow } from "./system.ts";
import { TrafficView } from "./traffic-view.tsx";
import { WORDS } from "./words.ts";

export function App() {
  const path = route.value;
  return (
    <>
      <button type="button" class="skip" onClick={() => document.getElementById("content")?.focus()}>
        {WORDS.skip}
      </button>
      <header>
        <a class="brand" href="#/">
          {WORDS.title}
        </a>
        <nav>
          <a href="#/" aria-current={path === "/" ? "page" : undefined}>
            {WORDS.traffic}
          </a>
          <a href="#/faults" aria-current={path === "/faults" ? "page" : undefined}>
            {WORDS.faults}
          </a>
          <a href="/">{WORDS.shop}</a>
        </nav>
      </header>
      <div class="console">
        <main id="content" tabIndex={-1}>
          {system.value.kind === "failed" && <Notice kind="bad">{system.value.problem.message}</Notice>}
          <View path={path} />
        </main>
        <nav class="methods" aria-label={WORDS.calls}>
          {workloadsNow().map((workload) => (
            <WorkloadMethods key={workload.name} workload={workload} path={path} />
          ))}
        </nav>
      </div>
    </>
  );
}

function View({ path }: { path: string }) {
  useEffect(
    () => () => {
      stopCall();
      answer.value = undefined;
    },
    [path],
  );
  if (path === "/faults") return <FaultsView />;
  const called = calledBy(path);
  if (called !== undefined) return <MethodView key={path} called={called} />;
  return <TrafficView />;
}

/** Others are there for tools, such as health and reflection. */
const isOfMesh = ({ methods }: DescService): boolean => methods.some((method) => policyOf(method) !== undefined);

function WorkloadMethods({ workload, path }: { workload: Workload; path: string }) {
  const { name, services, fault } = workload;
  return (
    <section aria-labelledby={`methods-${name}`}>
      <h2 id={`methods-${name}`}>{name}</h2>
      {fault !== "" && <p class="fault">{fault}</p>}
      {services.map((service) => (
        <details key={service.typeName} open={isOfMesh(service)}>
          <summary>{isOfMesh(service) ? service.name : service.typeName.split(".").slice(-2).join(".")}</summary>
          <ul>
            {service.methods.map((method) => {
              const address = addressOf({ workload, method });
              return (
                <li key={method.name}>
                  <a href={address} aria-current={address === `#${path}` ? "page" : undefined}>
                    {method.name}
                  </a>
                </li>
              );
            })}
          </ul>
        </details>
      ))}
    </section>
  );
}
