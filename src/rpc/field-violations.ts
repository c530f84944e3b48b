// What answers say about the fields of a request. Kept short, since the client decides how much is wrong and how long its names are.
import { Buffer } from "node:buffer";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { BadRequestSchema } from "../../gen/google/rpc/error_details_pb.js";

/** A fault of a request. The path has proto names, such as "items[0].quantity", and is empty for the message as a whole. */
export type FieldViolation = {
  readonly field: string;
  readonly description: string;
  /** What telemetry is told of it, if the client chose the last name of the path. */
  readonly told?: string;
};

type BadRequestDetail = {
  readonly desc: typeof BadRequestSchema;
  readonly value: MessageInitShape<typeof BadRequestSchema>;
};

/** Violations of one answer. They are sent in HTTP/2 trailers, which clients limit to 8 KiB. */
const MAX_VIOLATIONS = 32;
const MAX_MESSAGE_BYTES = 2000;
const MAX_DETAIL_BYTES = 4000;

/** The end of a message that does not name all violations. */
export const AND_MORE = "; and more";

const MAX_NAME = 64;
const MAX_TEXT = 200;
const ELLIPSIS = "…";

/** Control and formatting characters, such as a change of the writing direction, line separators, and halves of characters. */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
const UNSEEN_OR_QUOTE = /["\\\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** A name that the client chose, such as that of a parameter, in at most 64 visible characters. */
export const shownName = (name: string): string => shown(name, UNSEEN);

/** A key of a map, or of an object where a field was expected, as part of a path: ["key"]. Shortened like shownName(). */
export const keySegment = (key: string): string => `["${shown(key, UNSEEN_OR_QUOTE)}"]`;

function shown(name: string, special: RegExp): string {
  const characters = Array.from(name.slice(0, 2 * MAX_NAME).replace(special, escaped));
  if (characters.length <= MAX_NAME && name.length <= 2 * MAX_NAME) return characters.join("");
  return characters.slice(0, MAX_NAME - 1).join("") + ELLIPSIS;
}

function escaped(char: string): string {
  if (char === '"' || char === "\\") return `\\${char}`;
  return `\\u${(char.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`;
}

/** A violation whose last name the contract does not have: it may be anything, so that telemetry is told only where it is, and the kind. */
export function unknownName(holder: string, field: string, description: string, kind: string): FieldViolation {
  return { field, description, told: holder === "" ? `${kind} is unknown` : `${holder}: ${kind} is unknown` };
}

/** A key that keySegment() shows. */
const KEY = /\["(?:[^"\\]|\\.)*"\]/g;

const toldOf = ({ field, description, told }: FieldViolation): string =>
  shortened((told ?? (field === "" ? description : `${field}: ${description}`)).replace(KEY, `["${ELLIPSIS}"]`));

/**
 * The message and the detail of an error, and what telemetry is told of it: no name but those of the contract. `all` is cut to what fits: less
 * than 2 KiB of message and 4 KiB of detail.
 */
export function badRequestOf(all: readonly FieldViolation[]): {
  message: string;
  detail: BadRequestDetail;
  told: string;
} {
  const violations: FieldViolation[] = [];
  const texts: string[] = [];
  let messageBytes = AND_MORE.length;
  let detailBytes = 0;
  for (const violation of all.slice(0, MAX_VIOLATIONS)) {
    const field = shortened(violation.field);
    const description = shortened(violation.description);
    const text = field === "" ? description : `${field}: ${description}`;
    messageBytes += Buffer.byteLength(text) + "; ".length;
    detailBytes += Buffer.byteLength(text) + VIOLATION_OVERHEAD;
    if (messageBytes > MAX_MESSAGE_BYTES || detailBytes > MAX_DETAIL_BYTES) break;
    violations.push({ field, description });
    texts.push(text);
  }
  const end = violations.length < all.length ? AND_MORE : "";
  const detail = { desc: BadRequestSchema, value: { fieldViolations: violations } };
  const told = new Set(all.slice(0, violations.length).map(toldOf));
  return { message: texts.join("; ") + end, detail, told: [...told].join("; ") + end };
}

/** Bytes of the tags and lengths of a violation and its two fields. */
const VIOLATION_OVERHEAD = 9;

/** The beginning and the end of a text that is too long. */
function shortened(text: string): string {
  if (text.length <= MAX_TEXT) return text;
  const half = MAX_TEXT / 2;
  const [start, end] = [text.slice(0, half - 1), text.slice(-half)];
  return `${start}${ELLIPSIS}${end}`.replace(/\p{Cs}/gu, "");
}
