import type { Message, Registry } from "@bufbuild/protobuf";
import { ConnectError } from "@connectrpc/connect";
import { requestFault } from "../request-fault.ts";
import type { HttpRequest } from "../server/http-handler.ts";
import { type DecodedRequest, decodeRequest } from "./decode-request.ts";
import type { HttpBinding } from "./http-rule.ts";
import { readJsonText } from "./request-body.ts";
import type { RestContext } from "./rest-context.ts";

/** What the router found in the URL. */
export type RestTarget = { readonly values: readonly string[]; readonly path: string; readonly query: string };

/** What a request is read with. */
export type RequestFormat = {
  readonly binding: HttpBinding;
  readonly registry: Registry;
  /** The largest body of a request. */
  readonly readMaxBytes: number;
};

/** The message of a request: at once if the binding takes no body. What is wrong with it becomes the context's requestFault, the first counts. */
export function readRequest(
  format: RequestFormat,
  req: HttpRequest,
  target: RestTarget,
  context: RestContext,
): Message | Promise<Message> {
  const { binding, registry } = format;
  const { values, query } = target;
  const noted = ({ message, fault }: DecodedRequest): Message => {
    if (fault !== undefined && context.values.get(requestFault) === undefined) context.values.set(requestFault, fault);
    return message;
  };
  return binding.body === undefined
    ? noted(decodeRequest(binding, { values, query, body: "" }, registry))
    : readWithBody(format, req, target, context).then(noted);
}

async function readWithBody(
  { binding, registry, readMaxBytes }: RequestFormat,
  req: HttpRequest,
  { values, query }: RestTarget,
  context: RestContext,
): Promise<DecodedRequest> {
  try {
    const body = await readJsonText(req, readMaxBytes, context.signal);
    return decodeRequest(binding, { values, query, body }, registry);
  } catch (error) {
    const { message } = decodeRequest(binding, { values, query: "", body: "" }, registry);
    return { message, fault: ConnectError.from(error) };
  }
}
