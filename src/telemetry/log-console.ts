import { type Logform, transports } from "winston";
import { type Batch, stdoutBatch } from "./log-batch.ts";

const LEVEL = Symbol.for("level");
const MESSAGE = Symbol.for("message");

/** winston's transport to standard output, but with all lines of a turn of the event loop in one write. Errors are written at once. */
export class LogConsole extends transports.Console {
  readonly #batch: Batch = stdoutBatch();

  override log(info: Logform.TransformableInfo, done: () => void): void {
    this.show(String(info[MESSAGE]), String(info[LEVEL]));
    if (this.listenerCount("logged") > 0) setImmediate(() => this.emit("logged", info));
    done();
  }

  /** Shows a line that is formatted already. */
  show(line: string, level: string): void {
    this.#batch.add(line);
    // What comes next may be the end of the process.
    if (level === "error") this.#batch.flush();
  }
}
