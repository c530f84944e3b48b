import type { SeverityNumber } from "@opentelemetry/api-logs";
import { headBytes, tailBytes } from "./access-log-bytes.ts";
import { severityOf } from "./log-records.ts";
import { redactField } from "./redaction.ts";

type Fields = Readonly<Record<string, string | number>>;

/** What is the same in all lines of an endpoint and an outcome. */
export type LineConstants = {
  readonly level: string;
  readonly message: string;
  /** Fields before the duration and the peer. */
  readonly fields: Fields;
  /** Fields behind them. Default: none. */
  readonly trailing?: Fields;
};

/** Constants in the forms in which lines need them. */
export type PreparedLine = {
  readonly constants: LineConstants;
  readonly level: string;
  readonly severityNumber: SeverityNumber | undefined;
  /** Redacted, as all that follows. */
  readonly message: string;
  readonly fields: Fields;
  readonly trailing: Fields;
  /** JSON of the line between its time and the duration. */
  readonly head: string;
  /** JSON of the line between the peer and the ids. */
  readonly tail: string;
  /** Of the record, between its time and the duration. */
  readonly headBytes: Uint8Array;
  /** Of the record, between the peer and the ids. */
  readonly tailBytes: Uint8Array;
};

/** What each line has, in a place of its own. */
const OF_EACH_LINE = [
  ...["timestamp", "level", "service", "message", "error", "stack", "cause"],
  ...["duration_ms", "peer", "trace_id", "span_id", "__proto__", ""],
];

export function prepareLine(constants: LineConstants, service: string): PreparedLine {
  const { level } = constants;
  const severityNumber = severityOf(level);
  const taken = new Set(OF_EACH_LINE);
  const message = String(redactField("message", constants.message));
  const fields = redactedFields(constants.fields, taken);
  const trailing = redactedFields(constants.trailing ?? {}, taken);
  return {
    ...{ constants, level, severityNumber, message, fields, trailing },
    head: `,${innerJson({ level, service, message, ...fields })},"duration_ms":`,
    tail: Object.keys(trailing).length === 0 ? "" : `,${innerJson(trailing)}`,
    headBytes: headBytes({ level, severityNumber, message }, fields),
    tailBytes: tailBytes(trailing),
  };
}

function redactedFields(fields: Fields, taken: Set<string>): Fields {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => {
      if (taken.has(key)) throw new TypeError(`a line has the field ${JSON.stringify(key)} already`);
      taken.add(key);
      return [key, redactField(key, value) as string | number];
    }),
  );
}

/** Without the braces. */
const innerJson = (fields: object): string => JSON.stringify(fields).slice(1, -1);
