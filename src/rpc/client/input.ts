import { create, type DescMessage, type Message, type MessageInitShape } from "@bufbuild/protobuf";

/** The caller's request messages of a stream, as complete messages. Closing it tells the caller that no more will be read. */
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

  /** Throws the reason, if there is one, into the caller's iterator, as Connect does. Does nothing after the last message. */
  close(reason: unknown): void {
    if (this.#over) return;
    this.#over = true;
    if (reason !== undefined) quietly(() => this.#messages.throw?.(reason));
    quietly(() => this.#messages.return?.());
  }
}

/** The RPC has ended, so an error of the caller's iterator must neither matter nor end the process. */
async function quietly(act: () => unknown): Promise<void> {
  try {
    await act();
  } catch {}
}
