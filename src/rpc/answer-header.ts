import { createContextKey } from "@connectrpc/connect";

/**
 * Set by the server for each call: adds a header to the answer, whatever that will be. Unlike the headers of a response, it is also sent with
 * an error that no handler has thrown, such as a deadline that passes while the handler still runs. Without effect once the head is sent.
 */
export const answerHeader = createContextKey<((name: string, value: string) => void) | undefined>(undefined, {
  description: "answer header",
});
