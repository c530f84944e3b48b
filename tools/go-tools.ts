// Builds the Go programs that tests use into .cache/bin (git-ignored), at pinned versions. The first build takes about a minute and
// needs Go and its module proxy; after that it is a look at a file.
//
//   node tools/go-tools.ts              builds all of them
//   node tools/go-tools.ts grpcurl      builds the ones named
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";

const BIN = resolve(import.meta.dirname, "../.cache/bin");

const TOOLS = {
  /** The official conformance suite of Connect, gRPC and gRPC-Web. */
  connectconformance: { module: "connectrpc.com/conformance", command: "cmd/connectconformance", version: "v1.0.7" },
  /** curl for gRPC: a client that is not ours, and speaks reflection. */
  grpcurl: { module: "github.com/fullstorydev/grpcurl", command: "cmd/grpcurl", version: "v1.9.4" },
  /** Puts manifests together, as `kubectl apply -k` does. */
  kustomize: { module: "sigs.k8s.io/kustomize/kustomize/v5", command: "", version: "v5.8.1" },
  /** Builds the collector from its components. */
  builder: { module: "go.opentelemetry.io/collector/cmd/builder", command: "", version: "v0.158.0" },
} as const;

export type GoTool = keyof typeof TOOLS;

/** The path of a tool's executable, which is built first where the pinned version is not there yet. Throws if the build fails. */
export function goTool(name: GoTool): string {
  const { module, command, version } = TOOLS[name];
  const executable = join(BIN, name);
  const stamp = `${executable}.version`;
  if (existsSync(executable) && existsSync(stamp) && readFileSync(stamp, "utf8") === version) return executable;

  mkdirSync(BIN, { recursive: true });
  go(["install", `${[module, command].filter(Boolean).join("/")}@${version}`], { GOBIN: BIN });
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

function go(args: string[], env: Record<string, string> = {}): string {
  try {
    return execFileSync("go", args, {
      encoding: "utf8",
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "inherit"],
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    throw new Error("the Go toolchain is needed to build test tools, and `go` is not on PATH", { cause: error });
  }
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
