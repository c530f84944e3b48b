// What is done to a connection, and what came of it.
import type { Buffer } from "node:buffer";
import { connect, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { RoleName } from "../../src/roles.ts";
import { Answers } from "./answers.ts";

/** The pieces go out one by one, so that each is likely to be a segment of its own. */
export type Step = Buffer | { readonly waitMs: number } | "end" | "reset";

export type Script = {
  readonly role: RoleName;
  readonly http: 1 | 2;
  readonly steps: readonly Step[];
  /** Whether an answer is due; else little time is spent on waiting for one. */
  readonly answered: boolean;
  /** Whether gRPC's own rules have INTERNAL for it. */
  readonly mayBeInternal?: boolean;
  /** What must have come of it, for a request that is valid; undefined if that came. */
  readonly check?: (answers: Answers) => string | undefined;
};

const ANSWER_MS = 10_000;
const NO_ANSWER_MS = 60;
const QUIET_MS = 30;

/** Plays a script to the server at the port. Resolves to what it answered when all is said or nothing more comes. */
export async function play(script: Script, port: number): Promise<Answers> {
  const answers = new Answers(script.http);
  const socket = connect({ port, host: "127.0.0.1", noDelay: true, allowHalfOpen: true });
  socket.on("error", () => {});
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  let lastAt = performance.now();
  socket.on("data", (chunk: Buffer) => {
    lastAt = performance.now();
    answers.push(chunk);
  });
  const ended = () => {
    answers.ended = true;
  };
  socket.once("end", ended).once("close", ended);
  try {
    await Promise.race([new Promise((resolve) => socket.once("connect", resolve)), closed]);
    for (const step of script.steps) {
      if (socket.destroyed) break;
      if (step === "end") socket.end();
      else if (step === "reset") hangUp(socket);
      else if ("waitMs" in step) await Promise.race([delay(step.waitMs), closed]);
      else if (socket.writable) await Promise.race([written(socket, step), closed, delay(1000)]);
    }
    const until = performance.now() + (script.answered ? ANSWER_MS : NO_ANSWER_MS);
    const enough = () => {
      if (answers.ended || performance.now() > until) return true;
      if (script.check !== undefined) return script.check(answers) === undefined;
      return answers.some && performance.now() - lastAt > QUIET_MS;
    };
    while (!enough() && !socket.destroyed) await delay(5);
  } finally {
    socket.off("close", ended);
    hangUp(socket);
    await closed;
  }
  return answers;
}

/** A reset leaves no port in TIME_WAIT. After an end there can be none: libuv refuses it, and the socket would stay. */
function hangUp(socket: Socket): void {
  if (socket.writableEnded) socket.destroy();
  else if (!socket.destroyed) socket.resetAndDestroy();
}

const written = (socket: Socket, bytes: Buffer) =>
  new Promise<void>((resolve) => socket.write(bytes, () => setImmediate(resolve)));
