// Errors over REST: an HTTP status, and google.rpc.Status as JSON.
import { create, fromBinary, type JsonObject, type JsonValue, type Registry, toJson } from "@bufbuild/protobuf";
import { hasCustomJsonRepresentation } from "@bufbuild/protobuf/wkt";
import { type Code, ConnectError } from "@connectrpc/connect";
import { setHttpStatus } from "../http-status.ts";

/** An error of the HTTP request itself, whose HTTP status is not the usual one of its code. */
export function httpError(status: number, code: Code, message: string): ConnectError {
  const error = new ConnectError(message, code);
  setHttpStatus(error, status);
  return error;
}

/** The JSON of google.rpc.Status, without details of types that the registry does not know. */
export function statusJson(error: ConnectError, registry: Registry): JsonObject {
  const details = error.details.map((d) => detailJson(d, registry)).filter((d) => d !== undefined);
  return { code: error.code, message: error.rawMessage, details };
}

function detailJson(detail: ConnectError["details"][number], registry: Registry): JsonValue | undefined {
  const desc = "desc" in detail ? detail.desc : registry.getMessage(detail.type);
  if (desc === undefined) return undefined;
  try {
    const message = "desc" in detail ? create(desc, detail.value) : fromBinary(desc, detail.value);
    const json = toJson(desc, message, { registry, useProtoFieldName: true });
    const type = { "@type": `type.googleapis.com/${desc.typeName}` };
    return hasCustomJsonRepresentation(desc) ? { ...type, value: json } : { ...type, ...(json as JsonObject) };
  } catch {
    return undefined;
  }
}
