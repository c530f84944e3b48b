// The names that documents may use: what the Makefile, package.json and the code know.
import { readFileSync } from "node:fs";
import { Code } from "@connectrpc/connect";
import { roleNames, roles } from "../../src/roles.ts";
import { readSettings } from "../../src/settings.ts";
import { LISTENERS, portVariable } from "../../tools/run-all/settings.ts";

/** Read by libraries, by telemetry as libraries would, and by the lab of test/mesh. */
const READ_ELSEWHERE = [
  "OTEL_EXPORTER_OTLP_ENDPOINT",
  "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL",
  "GRPC_XDS_BOOTSTRAP",
  "TRACEMESH_CACHE",
];

const makefile = readFileSync("Makefile", "utf8");
const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as { scripts: Record<string, string> };

export const makeTargets: ReadonlySet<string> = new Set(
  [...makefile.matchAll(/^([a-z][a-z0-9-]*):/gm)].map(([, target = ""]) => target),
);

export const npmScripts: ReadonlySet<string> = new Set(Object.keys(scripts));

const collector = readFileSync("collector/config.yaml", "utf8");

/** All variables that a role, run-all or the collector looks at. */
export const settings: ReadonlySet<string> = new Set([
  ...roleNames.flatMap(variablesOf),
  ...LISTENERS.map(portVariable),
  ...[...collector.matchAll(/\$\{env:(\w+):-/g)].map(([, name = ""]) => name),
  ...READ_ELSEWHERE,
]);

/** Codes of gRPC, and the reasons of the roles' outcomes. */
export const errorNames: ReadonlySet<string> = new Set([
  ...Object.values(Code).flatMap((name) => (typeof name === "string" ? upperSnakeCase(name) : [])),
  ...roles.flatMap(({ outcomes }) => Object.keys(outcomes.table)),
  "DEPENDENCY_UNAVAILABLE",
]);

function variablesOf(role: string): string[] {
  const names = new Set<string>();
  const env: NodeJS.ProcessEnv = { ROLE: role };
  readSettings(
    new Proxy(env, {
      get(target, name: string) {
        names.add(name);
        return target[name];
      },
    }),
  );
  return [...names];
}

export function upperSnakeCase(name: string): string {
  return name.replaceAll(/(?<=[a-z])(?=[A-Z])/g, "_").toUpperCase();
}
