// A server that answers, resets and ignores streams at random. As a program of its own it tells its parent {"port"}.
import type { ServerHttp2Stream } from "node:http2";
import { answer, begin, refuse, type ScriptedServer, startScriptedServer } from "./scripted-server.ts";

const below = (n: number) => Math.floor(Math.random() * n);

const CANCEL = 8;
/** Or a server of node's would end the connection of a client that resets so much. */
const PATIENT = { streamResetBurst: 1e9, streamResetRate: 1e9 };

export function startResettingServer(): Promise<ScriptedServer> {
  return startScriptedServer((stream) => {
    const dice = below(20);
    if (dice < 8) stream.once("data", () => answer(stream));
    else if (dice < 10) stream.resume().on("end", () => answer(stream));
    else if (dice < 12) answer(stream);
    else if (dice === 12) refuse(stream, 14);
    else if (dice === 13) setTimeout(() => answer(stream), below(10));
    else if (dice === 14) stream.once("data", () => reset(stream));
    else if (dice === 15) stream.once("data", () => stream.pause());
    else if (dice === 16) beginAndReset(stream);
    else if (dice === 17 && below(50) === 0) stream.session?.destroy();
    else if (dice === 18 && below(50) === 0) stream.session?.close();
    else answer(stream);
  }, PATIENT);
}

function beginAndReset(stream: ServerHttp2Stream): void {
  begin(stream, [new Uint8Array(), new Uint8Array(), new Uint8Array()]);
  setTimeout(() => reset(stream), below(5));
}

/** Not by close(), which may spin for ever in Node 26 (Http2Session::SendPendingData) if queued writes end between its steps. */
function reset(stream: ServerHttp2Stream): void {
  if (stream.destroyed) return;
  if (below(2) === 0) stream.destroy();
  else stream.destroy(new Error(`reset ${CANCEL}`));
}

if (import.meta.main && process.send !== undefined) {
  const server = await startResettingServer();
  process.send({ port: server.port });
  process.on("disconnect", () => process.exit());
}
