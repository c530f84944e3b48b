import { useEffect } from "preact/hooks";
import { ViewHeading, Wide } from "../shared/parts.tsx";
import { system } from "./system.ts";
import { type Flow, flows, followTraffic, silent } from "./traffic.ts";
import { TrafficMap } from "./traffic-map.tsx";
import { shownRate, shownSeconds, shownShare } from "./units.ts";
import { WORDS } from "./words.ts";

/** Who calls whom, now. */
export function TrafficView() {
  const isLoaded = system.value.kind === "loaded";
  useEffect(() => (isLoaded ? followTraffic() : undefined), [isLoaded]);
  return (
    <section class="card" aria-labelledby="traffic">
      <ViewHeading id="traffic" page={WORDS.title}>
        {WORDS.traffic}
      </ViewHeading>
      <p class="hint">{WORDS.trafficHint}</p>
      {isLoaded ? <Traffic /> : <p class="hint">{WORDS.loading}</p>}
    </section>
  );
}

function Traffic() {
  return (
    <>
      <TrafficMap />
      <p class="fault" role="status">
        {silent.value.length > 0 && WORDS.silent(silent.value.join(", "))}
      </p>
      <Wide label={WORDS.table}>
        <table>
          <thead>
            <tr>
              <th scope="col">{WORDS.caller}</th>
              <th scope="col">{WORDS.callee}</th>
              <th scope="col">{WORDS.method}</th>
              <th scope="col" class="number">
                {WORDS.rate}
              </th>
              <th scope="col" class="number">
                {WORDS.failed}
              </th>
              <th scope="col" class="number">
                p50
              </th>
              <th scope="col" class="number">
                p99
              </th>
              <th scope="col">{WORDS.ends}</th>
            </tr>
          </thead>
          <tbody>
            {flows.value.length === 0 && (
              <tr>
                <td colSpan={8} class="hint">
                  {WORDS.quiet}
                </td>
              </tr>
            )}
            {flows.value.map((flow) => (
              <FlowRow key={`${flow.from} ${flow.method}`} flow={flow} />
            ))}
          </tbody>
        </table>
      </Wide>
    </>
  );
}

function FlowRow({ flow: { from, to, method, perSecond, failed, statuses, p50, p99 } }: { flow: Flow }) {
  const ends = [...statuses].filter(([, rate]) => rate > 0).map(([status, rate]) => `${status} ${shownRate(rate)}`);
  return (
    <tr>
      <td>{from}</td>
      <td>{to}</td>
      <td>
        <code>{method.replace(/^.*\.(\w+\/)/, "$1")}</code>
      </td>
      <td class="number">{shownRate(perSecond)}</td>
      <td class={failed > 0 ? "number fault" : "number"}>{shownShare(failed)}</td>
      <td class="number">{shownSeconds(p50)}</td>
      <td class="number">{shownSeconds(p99)}</td>
      <td class="hint">{ends.join(", ")}</td>
    </tr>
  );
}
