import { Code, type ConnectError } from "@connectrpc/connect";
import { findTrailerError } from "@connectrpc/connect/protocol-grpc";

/** The error in grpc-status-details-bin, with its details. Undefined if there is none or it is invalid. */
export function detailedError(metadata: Headers): ConnectError | undefined {
  if (!metadata.has("grpc-status-details-bin")) return undefined;
  try {
    const error = findTrailerError(metadata);
    return error !== undefined && error.code in Code ? error : undefined;
  } catch {
    return undefined;
  }
}
