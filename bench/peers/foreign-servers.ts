// Builds the servers in other languages, from the same contract, into .cache/bench (git-ignored). The first time takes minutes and their
// package registries; after that it is a look at what changed.
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { CodeGeneratorRequestSchema, CodeGeneratorResponseSchema } from "@bufbuild/protobuf/wkt";
import { file_probe_v1_probe } from "../../test/gen/probe/v1/probe_pb.js";
import { findProgram } from "../../tools/programs.ts";
import { foreignServer, type Server } from "../servers.ts";
import { descriptorFiles, descriptorSet } from "./descriptor-set.ts";

const CACHE = resolve(import.meta.dirname, "../../.cache/bench");

/** Builds what there are toolchains for. `skipped` says what there are none for. Throws if a build fails. */
export function buildForeignServers(): { servers: Server[]; skipped: string[] } {
  const servers: Server[] = [];
  const skipped: string[] = [];
  const go = buildGrpcGo();
  if (go === undefined) skipped.push("grpc-go is left out: there is no `go` on PATH.");
  else servers.push(foreignServer("grpc-go", "grpc-go (Go)", go));
  const tonic = buildTonic();
  if (tonic === undefined) skipped.push("tonic is left out: there is no `cargo` on PATH.");
  else servers.push(foreignServer("tonic", "tonic (Rust)", tonic));
  return { servers, skipped };
}

/** The path of the server on grpc-go, or undefined where there is no Go. */
function buildGrpcGo(): string | undefined {
  const go = findProgram("go");
  if (go === undefined) return undefined;
  const folder = join(CACHE, "grpc-go");
  const bin = join(folder, "bin/");
  cpSync(join(import.meta.dirname, "grpc-go"), folder, { recursive: true });
  run(folder, go, ["build", "-o", bin, "tool"]);

  const files = descriptorFiles(file_probe_v1_probe);
  const parameter = `module=tracemesh/bench,${files.map(({ name }) => `M${name}=tracemesh/bench/probe`).join()}`;
  const fileToGenerate = files.map(({ name }) => name);
  const request = create(CodeGeneratorRequestSchema, { fileToGenerate, parameter, protoFile: files });
  for (const generator of ["protoc-gen-go", "protoc-gen-go-grpc"]) {
    const input = toBinary(CodeGeneratorRequestSchema, request);
    const { error, file } = fromBinary(CodeGeneratorResponseSchema, execFileSync(join(bin, generator), { input }));
    if (error !== "") throw new Error(`${generator}: ${error}`);
    for (const { name, content } of file) {
      mkdirSync(join(folder, dirname(name)), { recursive: true });
      writeFileSync(join(folder, name), content);
    }
  }
  const server = join(bin, "server");
  run(folder, go, ["build", "-o", server, "."]);
  return server;
}

/** The path of the server on tonic, or undefined where there is no Cargo. */
function buildTonic(): string | undefined {
  const cargo = findProgram("cargo");
  if (cargo === undefined) return undefined;
  const folder = join(CACHE, "tonic");
  mkdirSync(folder, { recursive: true });
  const descriptors = join(folder, "probe.binpb");
  const bytes = descriptorSet(file_probe_v1_probe);
  // Cargo goes by the time of the file, and would compile anew.
  if (!existsSync(descriptors) || !readFileSync(descriptors).equals(bytes)) writeFileSync(descriptors, bytes);
  run(join(import.meta.dirname, "tonic"), cargo, ["build", "--release", "--locked", "--quiet"], {
    CARGO_TARGET_DIR: folder,
    PROBE_DESCRIPTORS: descriptors,
  });
  return join(folder, "release/tracemesh-bench");
}

function run(cwd: string, program: string, args: readonly string[], env?: Readonly<Record<string, string>>): void {
  execFileSync(program, args, { cwd, env: { ...process.env, ...env }, stdio: ["ignore", "ignore", "inherit"] });
}
