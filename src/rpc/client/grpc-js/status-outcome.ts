import { Code, ConnectError } from "@connectrpc/connect";
import type { Metadata, StatusObject } from "@grpc/grpc-js";
import { detailedError } from "../detailed-error.ts";
import { MetadataHeaders } from "./metadata-headers.ts";

/** How a call ended. */
export type Ended = {
  /** "/package.Service/Method". */
  readonly path: string;
  /** Epoch milliseconds, or Infinity. */
  readonly deadline: number;
  /** Response headers, if any came. */
  readonly header: Metadata | undefined;
  readonly status: StatusObject;
};

/**
 * The error of a status other than OK. A message of the server is passed on as it is. One of grpc-js itself, about a connection or deadline,
 * contains addresses, and ConnectErrors may travel on to users: it becomes the error's cause, for logs.
 */
export function statusOutcome(ended: Ended): ConnectError {
  const metadata = metadataOf(ended);
  const error = detailedError(metadata) ?? plainError(ended, metadata);
  error.isWireError = true; // a server that relays the error must not relay the metadata
  return error;
}

function metadataOf({ header, status }: Ended): Headers {
  const metadata = new Headers();
  for (const part of [header, status.metadata]) {
    new MetadataHeaders(part).forEach((value, name) => {
      metadata.append(name, value);
    });
  }
  return metadata;
}

function plainError(ended: Ended, metadata: Headers): ConnectError {
  const { status } = ended;
  // grpc-js passes a bare Error, without code and details, when it cannot decompress a message.
  if (status.code === undefined) return new ConnectError("cannot decompress the response", Code.Internal, metadata);
  const code = codeOf(status);
  if (isTimeout(ended, code)) {
    return new ConnectError("the operation timed out", Code.DeadlineExceeded, metadata, undefined, causeOf(ended));
  }
  if (code === Code.Unavailable && isLocal(ended)) {
    return new ConnectError("the service cannot be reached", code, metadata, undefined, causeOf(ended));
  }
  return new ConnectError(status.details, code, metadata);
}

function codeOf(status: StatusObject): Code {
  const code: number = status.code;
  return code in Code ? code : Code.Unknown;
}

/** Whether the deadline passed: by grpc-js's timer, or because the server reset the stream a moment earlier, which is not a cancellation. */
function isTimeout({ deadline }: Ended, code: Code): boolean {
  return (code === Code.DeadlineExceeded || code === Code.Canceled) && Date.now() + 1 >= deadline;
}

/** Whether the status is grpc-js's own. Any answer of a server has at least a content-type. */
function isLocal({ header, status }: Ended): boolean {
  return header === undefined && status.metadata.get("content-type").length === 0;
}

function causeOf({ path, status }: Ended): Error {
  return new Error(`${path}: ${status.details}`);
}
