import type { HrTime, SpanContext } from "@opentelemetry/api";
import type { LogAttributes, LogBody, SeverityNumber } from "@opentelemetry/api-logs";
import type { ReadableLogRecord } from "@opentelemetry/sdk-logs";
import type { PreparedLine } from "./access-log-line.ts";
import type { KnownPeer } from "./access-log-peers.ts";
import type { RecordOrigin } from "./log-direct.ts";

/** The record of a prepared line. What of it can be derived is so when it is read, since most batches are serialized from the parts. */
export class AccessRecord implements ReadableLogRecord {
  readonly line: PreparedLine;
  readonly hrTime: HrTime;
  readonly durationMs: number;
  readonly peer: KnownPeer | undefined;
  readonly spanContext: SpanContext | undefined;
  readonly origin: RecordOrigin;

  constructor(
    line: PreparedLine,
    time: HrTime,
    durationMs: number,
    peer: KnownPeer | undefined,
    spanContext: SpanContext | undefined,
    origin: RecordOrigin,
  ) {
    this.line = line;
    this.hrTime = time;
    this.durationMs = durationMs;
    this.peer = peer;
    this.spanContext = spanContext;
    this.origin = origin;
  }

  get hrTimeObserved(): HrTime {
    return this.hrTime;
  }

  get severityText(): string {
    return this.line.level;
  }

  get severityNumber(): SeverityNumber | undefined {
    return this.line.severityNumber;
  }

  get body(): LogBody {
    return this.line.message;
  }

  get attributes(): LogAttributes {
    const { line, durationMs, peer } = this;
    return { ...line.fields, duration_ms: durationMs, ...(peer && { peer: peer.text }), ...line.trailing };
  }

  get droppedAttributesCount(): number {
    return 0;
  }

  get resource(): RecordOrigin["resource"] {
    return this.origin.resource;
  }

  get instrumentationScope(): RecordOrigin["instrumentationScope"] {
    return this.origin.instrumentationScope;
  }
}
