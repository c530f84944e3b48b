import type { DescMethod } from "@bufbuild/protobuf";
import type { Gate } from "../admission/gate.ts";
import type { MessageLimits } from "../limits.ts";
import type { ReportError } from "../options.ts";

/** What all calls of a method have in common. */
export type ServedMethod = {
  readonly desc: DescMethod;
  /** Such as "/library.v1.LibraryService/GetBook". */
  readonly path: string;
  readonly limits: MessageLimits;
  /** Of calls whose client sets no deadline; undefined: none. */
  readonly timeoutMs: number | undefined;
  readonly onError: ReportError;
  /** Undefined: its calls always begin at once. */
  readonly gate: Gate | undefined;
  /** Whether a request is a single message. Then the handler is called when that is complete; otherwise at once, and it reads the stream. */
  readonly singleRequest: boolean;
};
