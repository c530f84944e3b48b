import type { WriteStream } from "node:tty";

const CELLS = 30;

/** A bar on a terminal that shows how far something is, with a text behind it. Elsewhere it prints nothing. */
export function progressBar(out: WriteStream) {
  const clear = "\r\u001b[K";
  return {
    show(done: number, total: number, text: string): void {
      if (!out.isTTY) return;
      const full = Math.round((CELLS * done) / total);
      out.write(`${clear}  [${"#".repeat(full)}${".".repeat(CELLS - full)}] ${text}`);
    },
    end(): void {
      if (out.isTTY) out.write(clear);
    },
  };
}
