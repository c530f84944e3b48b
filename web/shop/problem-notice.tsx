import { Code } from "@connectrpc/connect";
import { Notice, TraceId } from "../shared/parts.tsx";
import type { Problem } from "../shared/problem.ts";
import type { Trace } from "../shared/tracing.ts";
import { accessToken } from "./shop-client.ts";
import { WORDS, wordsFor } from "./words.ts";

type ProblemNoticeProps = {
  problem: Problem;
  trace: Trace;
  /** The fields at which what is wrong with them stands already. Default: none. */
  shownAtFields?: ReadonlySet<string>;
};

/** An error in people's words, what the server said, and its trace. */
export function ProblemNotice({ problem, trace, shownAtFields = new Set() }: ProblemNoticeProps) {
  const { code, reason, message, fields } = problem;
  const others = [...fields].filter(([field]) => !shownAtFields.has(field));
  return (
    <Notice kind="bad">
      <p>
        <strong>{wordsFor(problem)}</strong>
      </p>
      {fields.size === 0 && <p class="said">{WORDS.said(reason ?? Code[code] ?? "", message)}</p>}
      {others.map(([field, fault]) => (
        <p key={field} class="said">
          {WORDS.said(field, fault)}
        </p>
      ))}
      {code === Code.Unauthenticated && accessToken.value === "" && <p>{WORDS.tokenHint}</p>}
      <TraceId of={trace} label={WORDS.trace} />
    </Notice>
  );
}
