// The end of a gRPC call on the wire: status, message, details and the trailers that the handler set. By hand, because Connect's
// setTrailerStatus() needs a Headers for each call, which takes ten times as long, and sends messages and details of any length.
import { Buffer } from "node:buffer";
import { create, toBinary } from "@bufbuild/protobuf";
import { anyPack } from "@bufbuild/protobuf/wkt";
import type { ConnectError } from "@connectrpc/connect";
import { StatusSchema } from "../../../../gen/google/rpc/status_pb.js";
import { forEachCustom } from "./custom-headers.ts";

export type Trailers = Readonly<Record<string, string>>;

/** The list of trailers of a success without trailers of its own, shared by all calls. */
export const OK_TRAILERS: readonly string[] = ["grpc-status", "0"];

/** Trailers as a list. */
export function trailerFields(trailers: Trailers): string[] {
  const fields: string[] = [];
  for (const name in trailers) fields.push(name, trailers[name]!);
  return fields;
}

/** Trailers for an error, or for a success without one, with the custom trailers that the handler set. */
export function trailersOf(error: ConnectError | undefined, custom: Headers | undefined): Trailers {
  const trailers = Object.create(null) as Record<string, string>; // a trailer may have any name, "constructor" too
  trailers["grpc-status"] = error === undefined ? "0" : String(error.code);
  const add = (name: string, value: string) => {
    const before = trailers[name];
    trailers[name] = before === undefined ? value : `${before}, ${value}`;
  };
  forEachCustom(custom, add);
  if (error === undefined) return trailers;
  if (!isWireError(error)) forEachCustom(error.metadata, add);
  if (error.rawMessage !== "") trailers["grpc-message"] = percentEncode(error.rawMessage);
  const details = error.details.length === 0 ? undefined : statusDetails(error);
  if (details !== undefined) trailers["grpc-status-details-bin"] = details;
  return trailers;
}

/** Whether our client made the error from an answer: then the metadata is from another server, and not for our callers. */
function isWireError(error: ConnectError): boolean {
  return "isWireError" in error && error.isWireError === true;
}

/** Clients limit trailers to 8 or 16 KiB in total, and cut the connection with all its calls if there is more. */
const MAX_MESSAGE_CHARS = 2048;
const MAX_DETAILS_CHARS = 6144;
const ELLIPSIS = "...";

/** The details in base64; undefined if they are too long. */
function statusDetails(error: ConnectError): string | undefined {
  const details = error.details.map((detail) =>
    "desc" in detail
      ? anyPack(detail.desc, create(detail.desc, detail.value))
      : { typeUrl: `type.googleapis.com/${detail.type}`, value: detail.value },
  );
  const status = create(StatusSchema, {
    code: error.code,
    message: error.rawMessage.slice(0, MAX_MESSAGE_CHARS),
    details,
  });
  const text = Buffer.from(toBinary(StatusSchema, status)).toString("base64").replace(/=+$/, "");
  return text.length > MAX_DETAILS_CHARS ? undefined : text;
}

const PLAIN = /^[ -$&-~]*$/; // what may stand as it is: space to ~ without %

/** The encoding of grpc-message, cut to about 2 KiB. encodeURIComponent encodes other characters and throws on lone surrogates. */
function percentEncode(text: string): string {
  if (text.length <= MAX_MESSAGE_CHARS && PLAIN.test(text)) return text;
  let out = "";
  for (const character of text) {
    const encoded = PLAIN.test(character) ? character : percentEncoded(character);
    if (out.length + encoded.length > MAX_MESSAGE_CHARS) return out + ELLIPSIS;
    out += encoded;
  }
  return out;
}

function percentEncoded(character: string): string {
  return [...Buffer.from(character)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`).join("");
}
