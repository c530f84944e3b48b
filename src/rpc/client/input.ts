import { create, type DescMessage, type Message, type MessageInitShape } from "@bufbuild/protobuf";

/** The caller's request messages of a stream, each made a whole message. Closing it tells the caller that nobody will read on. */
export class Input implements AsyncIterableIterator<Message> {
  readonly #desc: DescMessage;
  readonly #messages: AsyncIterator<MessageInitShape<DescMessage>>;
  #over = false;

  constructor(desc: DescMessage, messages: AsyncIterable<MessageInitShape<DescMessage>>) {
    this.#desc = desc;
    this.#messages = messages[Symbol.asyncIterator]();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Message>> {
    const result = await this.#messages.next();
    if (!result.done) return { done: false, value: create(this.#desc, result.value) };
    this.#over = true;
    return { done: true, value: undefined };
  }

  /** With a reason the caller's iterator gets it thrown into, as in Connect. Does nothing when the messages are all read. */
  close(reason: unknown): void {
    if (this.#over) return;
    this.#over = true;
    if (reason !== undefined) quietly(() => this.#messages.throw?.(reason));
    quietly(() => this.#messages.return?.());
  }
}

/** The RPC is over: what the caller's iterator makes of that concerns nobody, and must not end the process. */
async function quietly(act: () => unknown): Promise<void> {
  try {
    await act();
  } catch {}
}
