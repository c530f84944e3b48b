import { Buffer } from "node:buffer";
import type { DescMethod, Registry } from "@bufbuild/protobuf";
import { ConnectError, type ContextValues } from "@connectrpc/connect";
import { requestFault } from "../../request-fault.ts";
import { messageTooLarge } from "../errors.ts";
import { unzipAtOnce } from "../grpc/compression.ts";
import { checkMessage } from "./check-message.ts";

export type QueryReader = {
  readonly method: DescMethod;
  readonly maxBytes: number;
  readonly registry: Registry;
  /** Gets the requestFault of an unreadable message, which is replaced by an empty one. */
  readonly values: ContextValues;
};

/** The URL of a Connect GET request, with the message in its query checked against the limit, decompressed and validated. */
export function checkedQuery(url: string, { method, maxBytes, registry, values }: QueryReader): string {
  const checked = new URL(url);
  const { searchParams: query } = checked;
  const encoding = query.get("encoding");
  if (encoding !== "json" && encoding !== "proto") return url; // Connect will refuse it
  const compression = query.get("compression") ?? "identity";
  if (compression !== "identity" && compression !== "gzip") return url;
  let message: Buffer;
  try {
    message = Buffer.from(query.get("message") ?? "", query.get("base64") === "1" ? "base64" : "utf8");
    if (compression === "gzip" && message.length > 0) message = unzipAtOnce(message, maxBytes);
    if (message.length > maxBytes) throw messageTooLarge(message.length, maxBytes);
    checkMessage(method, message, encoding, registry);
  } catch (error) {
    values.set(requestFault, ConnectError.from(error));
    message = Buffer.from(encoding === "json" ? "{}" : "");
  }
  query.delete("compression");
  query.set("base64", "1");
  query.set("message", message.toString("base64url"));
  return checked.toString();
}
