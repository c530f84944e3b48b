import { execFileSync, spawn } from "node:child_process";
import { resolve } from "node:path";
import { goProgram } from "../../../tools/go-toolchain.ts";
import { CREATE_ORDER, GET_USER } from "./clients.ts";

const SOURCE = resolve(import.meta.dirname, "grpc-go");
const EXECUTABLE = resolve(import.meta.dirname, "../../../.cache/bin/rolling-client");

export type GoLoad = { end(): Promise<{ calls: number; failures: string[] }> };

/** Builds the client on grpc-go; Go itself knows whether it has to. */
export function buildGoClient(): void {
  execFileSync(goProgram(), ["build", "-o", EXECUTABLE, "."], { cwd: SOURCE, stdio: ["ignore", "ignore", "inherit"] });
}

/** Calls the gateways at these ports in turn, until it is ended. */
export function startGoClient(ports: readonly number[]): GoLoad {
  const addresses = ports.map((port) => `127.0.0.1:${port}`).join();
  const methods = [GET_USER, CREATE_ORDER].map(([method, request]) => `${method}=${request.toString("hex")}`);
  const child = spawn(EXECUTABLE, [addresses, ...methods], { stdio: ["pipe", "pipe", "inherit"] });
  return {
    async end() {
      child.stdin.end();
      const output: Buffer[] = [];
      for await (const chunk of child.stdout) output.push(chunk);
      return JSON.parse(Buffer.concat(output).toString());
    },
  };
}
