// A real VictoriaLogs, which keeps log records, with the arguments that compose.yaml gives it.
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parse } from "yaml";
import { goTool } from "../../tools/go-tools.ts";
import { freePort, startDaemon } from "../../tools/test-servers/daemon.ts";

const COMPOSE = resolve(import.meta.dirname, "../../compose.yaml");

/** "_msg" is the text, "service.name" whose it is; "trace_id", "span_id", "severity_text" and each attribute by its name. */
export type KeptRecord = Readonly<Record<string, string>>;

export type VictoriaLogs = {
  /** Where the collector sends them: its LOGS_ENDPOINT. */
  readonly url: string;
  /** The records that a query of LogsQL finds, oldest first. */
  query(logsQl: string): Promise<readonly KeptRecord[]>;
  stop(): Promise<void>;
};

/** Starts it on a free port of the loopback, and waits until it is ready. */
export async function startVictoriaLogs(): Promise<VictoriaLogs> {
  const folder = await mkdtemp(join(tmpdir(), "victoria-logs-"));
  const port = await freePort();
  const compose = parse(await readFile(COMPOSE, "utf8"));
  const shipped = (compose.services["victoria-logs"].command as string[]).map((argument) =>
    argument.replace("=/logs", `=${folder}`),
  );
  const args = [...shipped, `-httpListenAddr=127.0.0.1:${port}`];
  const daemon = await startDaemon(goTool("victoria-logs"), args, /started VictoriaLogs|started server at/i);
  return {
    url: `http://127.0.0.1:${port}/insert/opentelemetry`,
    async query(logsQl) {
      const query = new URLSearchParams({ query: `${logsQl} | sort by (_time)` });
      const response = await fetch(`http://127.0.0.1:${port}/select/logsql/query?${query}`);
      const lines = (await response.text()).split("\n").filter(Boolean);
      if (!response.ok) throw new Error(lines.join("\n"));
      return lines.map((line) => JSON.parse(line) as KeptRecord);
    },
    async stop() {
      await daemon.stop("SIGTERM");
      await rm(folder, { recursive: true });
    },
  };
}
