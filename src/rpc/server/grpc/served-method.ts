import type { DescMethod } from "@bufbuild/protobuf";
import type { MessageLimits, ReportError } from "../options.ts";

/** What is known of a method before a call of it. */
export type ServedMethod = {
  readonly desc: DescMethod;
  /** Such as "/library.v1.LibraryService/GetBook". */
  readonly path: string;
  readonly limits: MessageLimits;
  readonly onError: ReportError;
  /** Whether a request is one message: then the handler is called when it is in. Otherwise at once, and it reads the messages. */
  readonly singleRequest: boolean;
};
