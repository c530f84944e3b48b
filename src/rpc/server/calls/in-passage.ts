import type { JoinedHooks } from "../../hooks/hooks.ts";
import { Passage } from "../../hooks/passage.ts";
import type { AnswerStream } from "./answer-stream.ts";

/** Serves a call within hooks, to which its end is told at once when its client has gone, or its time is over. Never rejects. */
export async function inPassage<Call extends Pick<AnswerStream, "context" | "fail">>(
  call: Call,
  hooks: JoinedHooks,
  serve: (call: Call, passage: Passage) => Promise<void>,
): Promise<void> {
  const { context } = call;
  const passage = new Passage(hooks, context);
  // No closure: V8 keeps one that is assigned to a property, with the call, until the next full garbage collection.
  context.onAbort = passage.abandon.bind(passage);
  try {
    passage.begin();
    if (context.abortError !== undefined) passage.abandon(context.abortError); // while its message was decompressed
    await passage.run(serve, call, passage);
  } catch (error) {
    call.fail(await passage.fail(error, context.responseHeader));
  }
}
