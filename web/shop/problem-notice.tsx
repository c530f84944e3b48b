import { Code } from "@connectrpc/connect";
import { Notice, TraceId } from "../shared/parts.tsx";
import type { Problem } from "../shared/problem.ts";
import type { Trace } from "../shared/tracing.ts";
import { accessToken } from "./shop-client.ts";
import { WORDS, wordsFor } from "./words.ts";

/** An error in people's words, what the server said, and its trace. What concerns a field stands at the field. */
export function ProblemNotice({ problem, trace }: { problem: Problem; trace: Trace }) {
  return (
    <Notice kind="bad">
      <p>
        <strong>{wordsFor(problem)}</strong>
      </p>
      {problem.fields.size === 0 && (
        <p class="said">{WORDS.said(problem.reason ?? Code[problem.code] ?? "", problem.message)}</p>
      )}
      {problem.code === Code.Unauthenticated && accessToken.value === "" && <p>{WORDS.tokenHint}</p>}
      <TraceId of={trace} label={WORDS.trace} />
    </Notice>
  );
}
