import { type Context, ROOT_CONTEXT } from "@opentelemetry/api";
import type { LoggerProvider as AnyLoggerProvider } from "@opentelemetry/api-logs";
import type { LoggerProvider, LogRecordProcessor, ReadableLogRecord, SdkLogRecord } from "@opentelemetry/sdk-logs";
import { SCHEMA_URL, SCOPE } from "./scope.ts";

/** Where records come from: in all records of a provider and a scope, these are the same objects. */
export type RecordOrigin = Pick<ReadableLogRecord, "resource" | "instrumentationScope">;

/** A way for records that are made already, past the provider's Logger, which would copy and check each of their attributes. */
export type DirectRecords = {
  /** What the records must have, those of our scope from the provider. */
  readonly origin: RecordOrigin;
  emit(record: ReadableLogRecord, context: Context): void;
};

const open = new WeakMap<AnyLoggerProvider, DirectRecords>();

/** The direct way of the provider, if it has one. */
export const directRecords = (provider: AnyLoggerProvider): DirectRecords | undefined => open.get(provider);

/** A processor that also takes records that the provider has not made. */
export class DirectProcessor implements LogRecordProcessor {
  readonly #next: LogRecordProcessor;
  /** Set while it is asked for. */
  #onOrigin: ((origin: RecordOrigin) => void) | undefined;

  constructor(next: LogRecordProcessor) {
    this.#next = next;
  }

  /** Opens the direct way of a provider that has this processor; the result closes it. */
  open(provider: LoggerProvider): () => void {
    // The provider tells the objects only in a record.
    this.#onOrigin = (origin) => {
      // The processor that batches only keeps records, and exporters only read them.
      open.set(provider, { origin, emit: (record, context) => this.#next.onEmit(record as SdkLogRecord, context) });
    };
    provider.getLogger(SCOPE.name, SCOPE.version, { schemaUrl: SCHEMA_URL }).emit({ context: ROOT_CONTEXT });
    this.#onOrigin = undefined;
    return () => open.delete(provider);
  }

  onEmit(record: SdkLogRecord, context: Context): void {
    if (this.#onOrigin === undefined) this.#next.onEmit(record, context);
    else this.#onOrigin({ resource: record.resource, instrumentationScope: record.instrumentationScope });
  }

  forceFlush(): Promise<void> {
    return this.#next.forceFlush();
  }

  shutdown(): Promise<void> {
    return this.#next.shutdown();
  }
}
