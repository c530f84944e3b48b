import type { Message } from "@bufbuild/protobuf";
import { FrameQueue } from "../frame-queue.ts";
import type { CallInput } from "./call-input.ts";
import { decompress } from "./compression.ts";

/** The request messages of a client or bidi streaming call. */
export class RequestStream extends FrameQueue {
  readonly #call: CallInput;

  constructor(call: CallInput) {
    super(call.stream, call, call.budget, call.route.limits.readMaxBytes);
    this.#call = call;
  }

  async *messages(): AsyncGenerator<Message, void, void> {
    const call = this.#call;
    for (let frame = await this.next(); frame !== undefined; frame = await this.next()) {
      const bytes = decompress(frame, call.requestEncoding, call.route.limits.readMaxBytes);
      yield call.parse(bytes instanceof Promise ? await bytes : bytes);
    }
  }
}
