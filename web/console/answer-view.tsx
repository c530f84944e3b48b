import { Code } from "@connectrpc/connect";
import { Notice, Told, TraceId } from "../shared/parts.tsx";
import { answer } from "./call.ts";
import type { Answer } from "./running.ts";
import { shownSeconds } from "./units.ts";
import { WORDS } from "./words.ts";

/** What came back of the call: its end, its messages, headers and trailers. */
export function AnswerView() {
  const { value } = answer;
  if (value === undefined) return null;
  const { messages, count, header, trailer, problem } = value;
  return (
    <div class="answer">
      <Told>
        <Notice kind={problem ? "bad" : value.isOver ? "good" : "open"}>
          <p>
            <strong>{endOf(value)}</strong>
          </p>
          {problem && (
            <p class="said">
              {problem.reason && <code>{problem.reason}</code>} {problem.message}
            </p>
          )}
          {problem && Object.keys(problem.metadata).length > 0 && <Pairs pairs={Object.entries(problem.metadata)} />}
          <TraceId of={value.trace} label={WORDS.trace} />
        </Notice>
      </Told>
      {messages.length > 0 && (
        <>
          <h2>{count === 1 ? WORDS.answer : WORDS.messages(count)}</h2>
          <ol class="messages" aria-live="polite">
            {messages.map(({ number, afterMs, json }) => (
              <li key={number}>
                <p class="hint">{WORDS.after(shownSeconds(afterMs / 1000))}</p>
                <pre>{JSON.stringify(json, null, 2)}</pre>
              </li>
            ))}
          </ol>
        </>
      )}
      {header.length > 0 && (
        <details>
          <summary>{WORDS.answerHeaders(header.length)}</summary>
          <Pairs pairs={header} />
        </details>
      )}
      {trailer.length > 0 && (
        <details>
          <summary>{WORDS.answerTrailers(trailer.length)}</summary>
          <Pairs pairs={trailer} />
        </details>
      )}
    </div>
  );
}

function endOf({ protocol, isOver, status, problem, durationMs }: Answer): string {
  if (!isOver) return WORDS.running(protocol);
  const code = problem === undefined ? "OK" : (Code[problem.code] ?? "");
  return WORDS.end(protocol, status || code, shownSeconds(durationMs / 1000));
}

function Pairs({ pairs }: { pairs: readonly (readonly [string, string])[] }) {
  return (
    <dl class="facts">
      {pairs.map(([name, value]) => (
        <div key={`${name} ${value}`}>
          <dt>{name}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
