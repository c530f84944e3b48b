/** What a pipe holds on the system where it holds least. */
const FLUSH_AT_CHARS = 16_384;

/** Lines on their way to an output. */
export type Batch = {
  /** Adds a line, which is written by the end of this turn of the event loop. */
  add(line: string): void;
  /** Writes now what was added. */
  flush(): void;
  /** Writes now what was added; from then on, each line is written when it comes. */
  close(): void;
};

/**
 * Joins the lines of a turn of the event loop, or 16 KiB of them, into one write, since a write is a call into the system. Nothing is held back
 * longer than that: what the output makes of writes that come too fast is the same as without a batch.
 */
export function batchOf(write: (text: string) => void): Batch {
  let text = "";
  let scheduled = false;
  let closed = false;

  function flush(): void {
    if (text === "") return;
    const whole = text;
    // Before the write, which may throw: what comes next must not be lost with it.
    text = "";
    write(whole);
  }

  function endTurn(): void {
    scheduled = false;
    flush();
  }

  return {
    add(line) {
      text += line;
      text += "\n";
      if (closed || text.length >= FLUSH_AT_CHARS) flush();
      else if (!scheduled) {
        scheduled = true;
        setImmediate(endTurn);
      }
    },
    flush,
    close() {
      closed = true;
      flush();
    },
  };
}

let stdout: Batch | undefined;

/**
 * The batch of this process for standard output. It is also written before the process ends, by process.exit() or by an exception that nobody
 * catches, but not when a signal kills it: then the lines of the turn that it was in are lost.
 */
export function stdoutBatch(): Batch {
  if (stdout === undefined) {
    // Looked up each time, because others may replace it.
    stdout = batchOf((text) => process.stdout.write(text));
    // No turn follows in which lines of later listeners could be written.
    process.on("exit", stdout.close);
    // Earlier than "exit", so that the lines stand before what Node prints about the exception.
    process.on("uncaughtExceptionMonitor", stdout.flush);
  }
  return stdout;
}
