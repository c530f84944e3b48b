// Builds the Go programs that tests use into .cache/bin (git-ignored), at pinned versions. The first build takes about a minute and
// needs Go, which pip fetches where there is none, and its module proxy; after that it is a look at a file.
//
//   node tools/go-tools.ts              builds all of them
//   node tools/go-tools.ts grpcurl      builds the ones named
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { goProgram } from "./go-toolchain.ts";

const BIN = resolve(import.meta.dirname, "../.cache/bin");

const TOOLS = {
  /** The official conformance suite of Connect, gRPC and gRPC-Web. */
  connectconformance: { module: "connectrpc.com/conformance", command: "cmd/connectconformance", version: "v1.0.7" },
  /** curl for gRPC: a client that is not ours, and speaks reflection. */
  grpcurl: { module: "github.com/fullstorydev/grpcurl", command: "cmd/grpcurl", version: "v1.9.4" },
  /** The conformance suite of HTTP/2. It is older than Go's modules and does not say what it needs: `requires` pins that. */
  h2spec: {
    module: "github.com/summerwind/h2spec",
    command: "cmd/h2spec",
    version: "v2.2.1+incompatible",
    requires: {
      "github.com/fatih/color": "v1.19.0",
      "github.com/spf13/cobra": "v1.10.2",
      "golang.org/x/net": "v0.62.0",
    },
  },
  /** Puts manifests together, as `kubectl apply -k` does. */
  kustomize: { module: "sigs.k8s.io/kustomize/kustomize/v5", command: "", version: "v5.8.1" },
  /** Where traces go. Release v2.13.0: Go knows it by the number that versions of the old line had. */
  jaeger: { module: "github.com/jaegertracing/jaeger", command: "cmd/jaeger", version: "v1.76.0", replaces: true },
  /** Where log records go. */
  "victoria-logs": {
    module: "github.com/VictoriaMetrics/VictoriaLogs",
    command: "app/victoria-logs",
    version: "v1.52.2",
  },
  /** Builds the collector from its components. */
  builder: { module: "go.opentelemetry.io/collector/cmd/builder", command: "", version: "v0.158.0" },
} as const satisfies Record<string, Tool>;

type Tool = {
  readonly module: string;
  readonly command: string;
  readonly version: string;
  readonly requires?: Readonly<Record<string, string>>;
  /** Whether its go.mod replaces modules, which counts only where it is built in its own folder. */
  readonly replaces?: true;
};

export type GoTool = keyof typeof TOOLS;

/** The path of a tool's executable, which is built first where the pinned version is not there yet. Throws if the build fails. */
export function goTool(name: GoTool): string {
  const { module, command, version, requires, replaces }: Tool = TOOLS[name];
  const executable = join(BIN, name);
  const stamp = `${executable}.version`;
  if (existsSync(executable) && existsSync(stamp) && readFileSync(stamp, "utf8") === version) return executable;

  mkdirSync(BIN, { recursive: true });
  const program = [module, command].filter(Boolean).join("/");
  if (replaces) go(["build", "-o", executable, `./${command}`], { cwd: goModuleDir(name) });
  else if (requires === undefined) go(["install", `${program}@${version}`], { env: { GOBIN: BIN } });
  else buildWith({ [module]: version, ...requires }, program, executable);
  writeFileSync(stamp, version);
  return executable;
}

export function goToolVersion(name: GoTool): string {
  return TOOLS[name].version;
}

/** Where the sources of a tool's module are: its pinned version in Go's module cache, downloaded first where it is missing. */
export function goModuleDir(name: GoTool): string {
  const { module, version } = TOOLS[name];
  const { Dir } = JSON.parse(go(["mod", "download", "-json", `${module}@${version}`])) as { Dir: string };
  return Dir;
}

/** Builds a program within a module that requires just these versions. */
function buildWith(requires: Readonly<Record<string, string>>, program: string, executable: string): void {
  const folder = mkdtempSync(join(tmpdir(), "tracemesh-go-"));
  try {
    const lines = Object.entries(requires).map(([module, version]) => `require ${module} ${version}\n`);
    writeFileSync(join(folder, "go.mod"), `module tools\n\n${lines.join("")}`);
    go(["build", "-mod=mod", "-o", executable, program], { cwd: folder });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function go(args: string[], { env, cwd }: { env?: Record<string, string>; cwd?: string } = {}): string {
  return execFileSync(goProgram(), args, {
    cwd,
    encoding: "utf8",
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
}

function isGoTool(name: string): name is GoTool {
  return Object.hasOwn(TOOLS, name);
}

if (import.meta.main) {
  const named = process.argv.slice(2);
  for (const name of named.length > 0 ? named : Object.keys(TOOLS)) {
    if (!isGoTool(name)) throw new Error(`no such tool: ${name}; there are ${Object.keys(TOOLS).join(", ")}`);
    console.log(goTool(name));
  }
}
