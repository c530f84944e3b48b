import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { HEAP_FLAGS } from "./heap-flags.ts";

const START_TIMEOUT_MS = 60_000;

export type CompiledCodeOptions = {
  /** Absolute path of the bundle of src/main.ts. */
  readonly bundle: string;
  /** Absolute path of the file to write. */
  readonly outfile: string;
  /** A folder for the program's own data. */
  readonly scratch: string;
};

/**
 * Runs the program once, as the role with the most parts, until it has served and stopped, and keeps the code that V8 compiled. An
 * executable with that code compiles almost nothing when it starts. It has the flags of the executable, for V8 refuses what was compiled with
 * others.
 */
export async function writeCompiledCode({ bundle, outfile, scratch }: CompiledCodeOptions): Promise<void> {
  // Stands in for a telemetry backend, because the program would wait for a missing one.
  const sink = createServer((request, response) => void request.resume().once("end", () => response.end()));
  sink.listen(0, "127.0.0.1");
  await once(sink, "listening");
  const { port } = sink.address() as AddressInfo;
  const child = spawn(
    process.execPath,
    [...HEAP_FLAGS, join(import.meta.dirname, "compile-program.ts"), bundle, outfile],
    {
      env: {
        ROLE: "order",
        PORT: "0",
        DATA_DIR: scratch,
        LOG_FORMAT: "json",
        OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
        OTEL_TRACES_SAMPLER_ARG: "1",
      },
      stdio: ["ignore", "pipe", "inherit"],
      timeout: START_TIMEOUT_MS,
    },
  );
  try {
    await stopOnceItServes(child);
  } finally {
    sink.close();
    sink.closeAllConnections();
  }
}

async function stopOnceItServes(child: ChildProcess): Promise<void> {
  const lines: string[] = [];
  createInterface({ input: child.stdout! }).on("line", (line) => {
    lines.push(line);
    if (line.includes('"order serves"')) child.kill("SIGTERM");
  });
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`the program ended with ${code} when it was to be compiled:\n${lines.join("\n")}`);
}
