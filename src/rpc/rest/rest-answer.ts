// What unary and streamed answers over REST have in common.
import { create, type JsonObject, type Message, type Registry, toJson } from "@bufbuild/protobuf";
import type { ConnectError } from "@connectrpc/connect";
import { httpStatusOf } from "../http-status.ts";
import type { HttpCall } from "../interceptors/http-call.ts";
import type { HttpRequest, HttpResponse } from "../server/http-handler.ts";
import { httpVersionOf } from "../server/plain/connection-of.ts";
import type { HttpBinding } from "./http-rule.ts";
import { type AnswerHeaders, sendError } from "./send.ts";

/** Sends an error, without headers that a handler has set if they turn out to be invalid. */
export function answerError(
  req: HttpRequest,
  res: HttpResponse,
  error: unknown,
  registry: Registry,
  headers?: AnswerHeaders,
): void {
  try {
    sendError(req, res, error, registry, headers);
  } catch (broken) {
    if (res.headersSent) res.destroy();
    else sendError(req, res, broken, registry);
  }
}

/** Makes a function that gives the JSON text of a response message, or of the field of it that the binding names. */
export function bodyEncoder(
  { method: { output }, responseBody }: HttpBinding,
  registry: Registry,
): (message: Message) => string {
  const options = { registry, useProtoFieldName: true };
  if (responseBody === undefined) return (message) => JSON.stringify(toJson(output, message, options));
  const zero = toJson(output, create(output), { ...options, alwaysEmitImplicit: true }) as JsonObject;
  const absent = zero[responseBody.name] ?? {};
  return (message) => {
    const json = toJson(output, message, options) as JsonObject;
    return JSON.stringify(json[responseBody.name] ?? absent);
  };
}

/** What telemetry is told of a request. */
export function httpCallOf(req: HttpRequest, binding: HttpBinding, path: string): HttpCall {
  const isTls = "encrypted" in req.socket && req.socket.encrypted === true;
  return {
    method: req.method ?? binding.httpMethod,
    route: binding.template.source,
    path,
    scheme: isTls ? "https" : "http",
    httpVersion: httpVersionOf(req),
    status: statusOf,
  };
}

const statusOf = (error?: ConnectError): number => (error === undefined ? 200 : httpStatusOf(error));
