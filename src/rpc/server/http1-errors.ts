import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { Code, ConnectError } from "@connectrpc/connect";
import type { ObserveBareRequest } from "../bare-requests.ts";
import { connectionInfoOf } from "../connection-info.ts";
import { plainCallOf } from "./plain/plain-calls.ts";

/** What is known of a connection. */
export type Http1Requests = {
  readonly unanswered: ReadonlySet<ServerResponse>;
  /** The last request whose head was read. */
  last: IncomingMessage | undefined;
};

/** What node's parser finds, as node itself would answer it. Anything else that it cannot parse is 400. */
const STATUSES: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: "431 Request Header Fields Too Large",
  HPE_CHUNK_EXTENSIONS_OVERFLOW: "413 Payload Too Large",
  ERR_HTTP_REQUEST_TIMEOUT: "408 Request Timeout",
};

/**
 * Answers what is no HTTP/1.1, or does not come in time, as node does, but observed. Of such a request nothing is known. If it is the body of
 * a request, that one is refused. In any case it is the last on its connection.
 */
export function answerClientErrors(
  server: Server,
  observe: ObserveBareRequest,
  requestsOf: (socket: Socket) => Http1Requests,
): void {
  server.on("clientError", (error: Error & { code?: string }, duplex) => {
    const socket = duplex as Socket;
    const { code = "" } = error;
    const { unanswered, last } = requestsOf(socket);
    const isMalformed = code.startsWith("HPE_") || code in STATUSES;
    const isCutOff = last?.complete === false && (unanswered.size === 0 || code === "HPE_INVALID_EOF_STATE");
    if (!isMalformed || !socket.writable || isCutOff) socket.destroy();
    else if (unanswered.size > 0) endAfterLast(unanswered, last);
    else answer(socket, STATUSES[code] ?? "400 Bad Request", observe);
  });
}

/** The last one is still sent when its turn comes; nothing that is malformed could be told after it. */
function endAfterLast(unanswered: ReadonlySet<ServerResponse>, last: IncomingMessage | undefined): void {
  const response = [...unanswered].at(-1);
  if (response !== undefined) response.shouldKeepAlive = false;
  if (last?.complete === false) {
    plainCallOf(last)?.refuse(new ConnectError("the request body is malformed", Code.InvalidArgument));
  }
}

function answer(socket: Socket, status: string, observe: ObserveBareRequest): void {
  const connection = connectionInfoOf(socket, "1.1");
  const bare = observe({ method: "", path: "", route: undefined, isGrpc: false, headers: {}, connection });
  const trace = bare.traceResponse === undefined ? "" : `traceresponse: ${bare.traceResponse}\r\n`;
  socket.end(`HTTP/1.1 ${status}\r\n${trace}content-length: 0\r\nconnection: close\r\n\r\n`);
  bare.end(Number(status.slice(0, 3)));
}
