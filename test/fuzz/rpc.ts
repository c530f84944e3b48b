// Requests of the RPC protocols: half of them valid, half with something wrong.
import { Buffer } from "node:buffer";
import { toBinary, toJson } from "@bufbuild/protobuf";
import { message, pathOf } from "../support/h2-frames.ts";
import type { Answers } from "./answers.ts";
import { mutatedFrames, mutatedGzip, mutatedJson } from "./bodies.ts";
import type { Chance } from "./chance.ts";
import type { Exchange } from "./exchange.ts";
import { mutatedFields } from "./headers.ts";
import { requestTo, type Target } from "./targets.ts";
import { mutatedWire } from "./wire.ts";

/** Names of fields that give the content type and the encoding of messages in a protocol, in binary or JSON. */
export type Protocol = {
  readonly contentType: string;
  readonly json: boolean;
  /** Each message in a frame. */
  readonly framed: boolean;
  readonly encodingField: string;
  readonly fields: readonly (readonly [string, string])[];
};

export const GRPC: Protocol = {
  contentType: "application/grpc",
  json: false,
  framed: true,
  encodingField: "grpc-encoding",
  fields: [["te", "trailers"]],
};

export function protocol(contentType: string, encodingField: string, framed = true): Protocol {
  return { contentType, json: contentType.includes("json"), framed, encodingField, fields: [] };
}

const ODD_PATHS = ["/", "*", "", "//", "/a/b/c", "/%00", "/shop.user.v1.UserService/", "http://x/", "/x?y#z", "/é"];

/** A request to the method in the protocol. */
export function rpcRequest(target: Target, protocol: Protocol, chance: Chance, isValid = chance.maybe(0.35)): Exchange {
  const { role, method } = target;
  const streams = method.methodKind === "client_streaming" || method.methodKind === "bidi_streaming";
  const count = streams ? 1 + chance.few(20) : !isValid && chance.maybe(0.1) ? chance.int(4) : 1;
  const messages = Array.from({ length: count }, () => messageTo(target, protocol, isValid, chance));
  const gzipped = !isValid && chance.maybe(0.3);
  const fields: (readonly [string, string])[] = [
    ["content-type", protocol.contentType],
    ...protocol.fields,
    ...(gzipped ? [[protocol.encodingField, "gzip"] as const] : []),
  ];
  const common = { role, method: "POST", path: pathOf(target.method) };
  if (isValid) {
    const body = Buffer.concat(protocol.framed ? messages.map((bytes) => message(bytes)) : messages);
    const watches = method.methodKind === "server_streaming"; // may last
    return { ...common, fields, body, check: watches ? undefined : answered };
  }
  const { bytes, internal } = protocol.framed
    ? mutatedFrames(messages, gzipped, chance)
    : {
        bytes: gzipped ? mutatedGzip(messages[0] ?? Buffer.alloc(0), chance) : Buffer.concat(messages),
        internal: false,
      };
  const keepsFields = chance.maybe(0.5);
  return {
    role,
    method: chance.maybe(0.05) ? chance.pick(["GET", "PUT", "OPTIONS", "HEAD", "DELETE", "PATCH", "QUERY"]) : "POST",
    path: chance.maybe(0.05) ? chance.pick(ODD_PATHS) : pathOf(target.method),
    fields: keepsFields ? fields : mutatedFields(fields, chance),
    body: bytes,
    mayBeInternal: internal || (gzipped && !keepsFields), // the field that names the compression may be gone
  };
}

function messageTo(target: Target, { json }: Protocol, isValid: boolean, chance: Chance): Buffer {
  const request = requestTo(target, chance);
  const { input } = target.method;
  if (json) {
    const value = toJson(input, request);
    return isValid || chance.maybe(0.3) ? Buffer.from(JSON.stringify(value)) : mutatedJson(value, chance);
  }
  const bytes = Buffer.from(toBinary(input, request));
  return isValid || chance.maybe(0.3) ? bytes : mutatedWire(bytes, chance);
}

/** A well-formed request is answered, by the domain or its validation. */
function answered(answers: Answers): string | undefined {
  return answers.ended || answers.finishedStreams > 0 || (answers.httpStatuses.length > 0 && answers.body.length > 0)
    ? answers.httpStatuses.length > 0
      ? undefined
      : "the connection ended without an answer"
    : "no answer to a well-formed request";
}
