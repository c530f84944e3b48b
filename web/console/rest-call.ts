// A call over REST, by the google.api.http rule of the contract. There is no client for REST to generate, so this is fetch.
import type { DescMethod, JsonObject, JsonValue } from "@bufbuild/protobuf";
import { Code, ConnectError } from "@connectrpc/connect";
import { type HttpBinding, httpBindings } from "../../src/rpc/rest/http-rule.ts";
import type { Problem } from "../shared/problem.ts";
import { type SpanEnd, startSpan } from "../shared/spans.ts";
import { learnTrace } from "../shared/tracing.ts";
import { cleaned, isObject } from "./form/values.ts";
import { headersOf, type Running, timeoutOf } from "./running.ts";

/** The rule by which a method is called over REST; undefined: it is not. */
export const bindingOf = (method: DescMethod): HttpBinding | undefined =>
  httpBindings(method.parent).find((binding) => binding.method === method);

/** Makes the call. What the server refuses is told as a problem; rejects if there is no answer. */
export async function callRest({ method, request, trace, signal, onMessage, tell }: Running): Promise<void> {
  const binding = bindingOf(method);
  if (binding === undefined) throw new ConnectError(`${method.name} has no path`, Code.Unimplemented);
  const { path, body } = requestOf(binding, cleaned(method.input, request.typed));
  const headers = headersOf(request.headers);
  if (body !== undefined) headers.set("content-type", "application/json");
  const timeoutMs = timeoutOf(request.timeout);
  const inTime = timeoutMs === undefined ? signal : AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  const { httpMethod, template } = binding;
  const span = startSpan(`${httpMethod} ${template.source}`, { "http.request.method": httpMethod, "url.path": path });
  if (span !== undefined) {
    headers.set("traceparent", span.parent);
    trace.id.value = span.traceId;
  }
  const json = body === undefined ? undefined : JSON.stringify(body);
  try {
    const response = await fetch(path, { method: httpMethod, headers, body: json, signal: inTime });
    learnTrace(trace, response.headers);
    tell({ status: `${response.status} ${response.statusText}`, header: [...response.headers] });
    const kind = response.headers.get("content-type") ?? "";
    if (response.ok && kind.startsWith("text/event-stream")) await readEvents(response, onMessage);
    else if (response.ok) onMessage(await response.json());
    else tell({ problem: problemIn(await response.text(), response.status) });
    span?.end(endOf(response.status));
  } catch (error) {
    span?.end({
      attributes: signal.aborted ? {} : { "error.type": "_OTHER" },
      failure: signal.aborted ? undefined : String(error),
    });
    if (error instanceof Error && error.name === "TimeoutError")
      throw new ConnectError("the timeout has passed", Code.DeadlineExceeded);
    throw error;
  }
}

/** By the conventions, all answers from 400 on are errors to who has asked; but as the services have it, only those from 500 on are failures. */
function endOf(status: number): SpanEnd {
  const hasFailed = status >= 500;
  return {
    attributes: { "http.response.status_code": status, ...(hasFailed && { "error.type": String(status) }) },
    failure: hasFailed ? `HTTP ${status}` : undefined,
  };
}

/** The path with its query, and the body, of what was typed. */
function requestOf(
  { template, body, method }: HttpBinding,
  typed: JsonObject,
): { path: string; body: JsonValue | undefined } {
  const rest: JsonObject = { ...typed };
  const segments = [...template.segments];
  for (const { fieldPath, start, end } of template.variables) {
    const value = String(rest[fieldPath] ?? "");
    delete rest[fieldPath];
    segments.splice(start, end - start, encodeURIComponent(value));
  }
  const path = `/${segments.join("/")}${template.verb === undefined ? "" : `:${template.verb}`}`;
  if (body === "*") return { path, body: rest };
  const ofBody = body === undefined ? undefined : rest[body.name];
  const query = new URLSearchParams();
  for (const { name } of method.input.fields) {
    if (name === body?.name || rest[name] === undefined) continue;
    for (const value of [rest[name]].flat()) query.append(name, String(value));
  }
  return { path: query.size === 0 ? path : `${path}?${query}`, body: ofBody };
}

/** Server-sent events, of which each is a message. */
async function readEvents(response: Response, onMessage: (json: JsonValue) => void): Promise<void> {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const read = await reader?.read();
    if (read === undefined || read.done) return;
    const events = (text + read.value).split("\n\n");
    text = events.pop() ?? "";
    for (const event of events) {
      const data = /^data: (.*)$/m.exec(event)?.[1];
      const name = /^event: (.*)$/m.exec(event)?.[1];
      if (data !== undefined && name !== "end") onMessage(JSON.parse(data));
    }
  }
}

const SHOWN_CHARS = 500;

/** What a google.rpc.Status in JSON says; of another text, such as a proxy's, its begin. */
function problemIn(text: string, httpStatus: number): Problem {
  let status: JsonValue;
  try {
    status = JSON.parse(text);
  } catch {
    status = { message: `HTTP ${httpStatus}: ${text.slice(0, SHOWN_CHARS)}` };
  }
  const { code, message, details } = isObject(status) ? status : {};
  const all = Array.isArray(details) ? details.filter(isObject) : [];
  const info = all.find((detail) => String(detail["@type"]).endsWith("google.rpc.ErrorInfo"));
  const request = all.find((detail) => String(detail["@type"]).endsWith("google.rpc.BadRequest"));
  const violations = request?.field_violations ?? request?.fieldViolations;
  const metadata = isObject(info?.metadata) ? Object.entries(info.metadata).map(([k, v]) => [k, String(v)]) : [];
  return {
    code: typeof code === "number" && code in Code ? code : Code.Unknown,
    reason: info === undefined ? undefined : String(info.reason),
    message: String(message ?? ""),
    fields: new Map(
      (Array.isArray(violations) ? violations : [])
        .filter(isObject)
        .map(({ field, description }) => [String(field), String(description)]),
    ),
    metadata: Object.fromEntries(metadata),
  };
}
