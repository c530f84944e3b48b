/** What the gateway that served this page tells it. */
export type GatewaySettings = {
  /** Where a trace can be looked at, with {trace_id} in place of its id; undefined: nowhere. */
  readonly traceUrl?: string;
  /** Where the page sends its spans, by OTLP over HTTP; undefined: it makes none. */
  readonly tracesUrl?: string;
  /** Whether there is a console. */
  readonly console?: boolean;
};

const told = document.querySelector<HTMLMetaElement>('meta[name="gateway"]')?.content;

export const gatewaySettings: GatewaySettings = told ? (JSON.parse(told) as GatewaySettings) : {};

export const urlOfTrace = (id: string): string | undefined => gatewaySettings.traceUrl?.replaceAll("{trace_id}", id);
