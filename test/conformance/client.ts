// The program under test in client mode: it reads ClientCompatRequests, makes the calls that they describe with our transport, several
// at once, and answers what it saw of each.
import { setTimeout as sleep } from "node:timers/promises";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import {
  type ClientCompatRequest,
  ClientCompatRequestSchema,
  ClientCompatResponseSchema,
} from "../../.cache/conformance/gen/connectrpc/conformance/v1/client_compat_pb.js";
import { invoke } from "./client-call.ts";
import { readDelimited, writeDelimited } from "./delimited.ts";

const MAX_CALLS = 8;

/** A call that never ends fails its own case, not the run. */
const CALL_LIMIT_MS = 10_000;

const running = new Set<Promise<void>>();
for await (const request of readDelimited(process.stdin, ClientCompatRequestSchema)) {
  const done = answer(request).finally(() => running.delete(done));
  running.add(done);
  if (running.size >= MAX_CALLS) await Promise.race(running);
}
await Promise.all(running);
process.exit(0); // calls that hang would keep the process

async function answer(request: ClientCompatRequest): Promise<void> {
  const response = create(ClientCompatResponseSchema, { testName: request.testName, result: await resultOf(request) });
  await writeDelimited(process.stdout, ClientCompatResponseSchema, response);
}

async function resultOf(
  request: ClientCompatRequest,
): Promise<MessageInitShape<typeof ClientCompatResponseSchema>["result"]> {
  try {
    return { case: "response", value: await Promise.race([invoke(request), overdue()]) };
  } catch (error) {
    return { case: "error", value: { message: String(error) } };
  }
}

async function overdue(): Promise<never> {
  await sleep(CALL_LIMIT_MS, undefined, { ref: false });
  throw new Error(`the call did not end within ${CALL_LIMIT_MS} ms`);
}
