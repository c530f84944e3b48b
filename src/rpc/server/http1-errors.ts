import type { Server } from "node:http";
import type { Socket } from "node:net";
import type { ObserveBareRequest } from "../bare-requests.ts";
import { connectionInfoOf } from "../connection-info.ts";

/** What node's parser finds, as node itself would answer it. Anything else that it cannot parse is 400. */
const STATUSES: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: "431 Request Header Fields Too Large",
  HPE_CHUNK_EXTENSIONS_OVERFLOW: "413 Payload Too Large",
  ERR_HTTP_REQUEST_TIMEOUT: "408 Request Timeout",
};

/**
 * Answers what is no HTTP/1.1, or does not come in time, and ends its connection, as node does, but observed. Of such a request nothing is
 * known. If an answer to another one is under way, the connection is just ended, since nothing can be sent between.
 */
export function answerClientErrors(
  server: Server,
  observe: ObserveBareRequest,
  isAnswering: (socket: Socket) => boolean,
): void {
  server.on("clientError", (error: Error & { code?: string }, duplex) => {
    const socket = duplex as Socket;
    const { code = "" } = error;
    const isRequest = code.startsWith("HPE_") || code in STATUSES;
    if (!isRequest || !socket.writable || isAnswering(socket)) {
      socket.destroy();
      return;
    }
    const connection = connectionInfoOf(socket, "1.1");
    const bare = observe({ method: "", path: "", route: undefined, isGrpc: false, headers: {}, connection });
    const status = STATUSES[code] ?? "400 Bad Request";
    const trace = bare.traceResponse === undefined ? "" : `traceresponse: ${bare.traceResponse}\r\n`;
    socket.end(`HTTP/1.1 ${status}\r\n${trace}content-length: 0\r\nconnection: close\r\n\r\n`);
    bare.end(Number(status.slice(0, 3)));
  });
}
