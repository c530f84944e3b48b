import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { create, type DescMethod, fromBinary, fromJson, type Message, toBinary, toJson } from "@bufbuild/protobuf";
import { Client, credentials } from "@grpc/grpc-js";
import { goTool } from "../../tools/go-tools.ts";

const ROOT = resolve(import.meta.dirname, "../..");
const BUF = join(ROOT, "node_modules/.bin/buf");
const CALL_TIMEOUT_MS = 10_000;

/** A client that is not ours: sends a JSON request to a method at host:port, and gives the first message of the answer as JSON. */
export type ThirdPartyClient = {
  name: string;
  speaks(method: DescMethod): boolean;
  call(address: string, method: DescMethod, request: string): Promise<unknown>;
};

/** Clients that know the contract only from the server's reflection, plain HTTP, and a third-party gRPC library. */
export const CLIENTS: readonly ThirdPartyClient[] = [
  bufCurl("grpc"),
  bufCurl("grpcweb"),
  bufCurl("connect"),
  grpcurl(),
  curl(),
  grpcJs(),
];

/** All methods that the server at host:port tells by reflection, sorted. */
export async function listMethods(address: string): Promise<string[]> {
  const { stdout } = await promisify(execFile)(BUF, [
    "curl",
    "--http2-prior-knowledge",
    "--list-methods",
    `http://${address}`,
  ]);
  return stdout.trim().split("\n").sort();
}

const path = (method: DescMethod): string => `${method.parent.typeName}/${method.name}`;

function bufCurl(protocol: "grpc" | "grpcweb" | "connect"): ThirdPartyClient {
  return {
    name: `buf-curl-${protocol}`,
    speaks: () => true,
    call: (address, method, request) => {
      const flags = ["--http2-prior-knowledge", "--protocol", protocol, "--data", request];
      return run(method, BUF, ["curl", ...flags, `http://${address}/${path(method)}`]);
    },
  };
}

function grpcurl(): ThirdPartyClient {
  return {
    name: "grpcurl",
    speaks: () => true,
    call: (address, method, request) =>
      run(method, goTool("grpcurl"), ["-plaintext", "-d", request, address, path(method)]),
  };
}

/** Connect's unary calls are plain HTTP. */
function curl(): ThirdPartyClient {
  return {
    name: "curl",
    speaks: (method) => method.methodKind === "unary",
    call: (address, method, request) => {
      const flags = ["--silent", "--show-error", "--fail-with-body", "--header", "Content-Type: application/json"];
      return run(method, "curl", [...flags, "--data", request, `http://${address}/${path(method)}`]);
    },
  };
}

function grpcJs(): ThirdPartyClient {
  return {
    name: "grpc-js",
    speaks: () => true,
    async call(address, method, request) {
      const client = new Client(address, credentials.createInsecure());
      const options = { deadline: Date.now() + CALL_TIMEOUT_MS };
      const serialize = (message: Message) => Buffer.from(toBinary(method.input, message));
      const deserialize = (bytes: Buffer) => fromBinary(method.output, bytes);
      const input = fromJson(method.input, JSON.parse(request));
      try {
        if (method.methodKind === "unary") {
          const { promise, resolve, reject } = Promise.withResolvers<Message>();
          client.makeUnaryRequest(`/${path(method)}`, serialize, deserialize, input, options, (error, message) =>
            error ? reject(error) : resolve(message ?? create(method.output)),
          );
          return toJson(method.output, await promise);
        }
        const stream = client.makeBidiStreamRequest(`/${path(method)}`, serialize, deserialize, options);
        stream.end(input);
        const [message]: Message[] = await once(stream, "data");
        stream.on("error", () => {}).cancel();
        return toJson(method.output, message ?? create(method.output));
      } finally {
        client.close();
      }
    },
  };
}

/** What a program for this call writes: one JSON value or, if the method is a stream, the first; a stream may have no end. */
async function run(method: DescMethod, program: string, args: string[]): Promise<unknown> {
  // A group of its own: npm's buf is a script that runs the real one, and the end of the one is not the end of the other.
  const child = spawn(program, args, { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"], detached: true });
  const endGroup = () => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid);
  };
  const timer = setTimeout(endGroup, CALL_TIMEOUT_MS);
  const closed = once(child, "close");
  let output = "";
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    errors += chunk;
  });
  for await (const chunk of child.stdout.setEncoding("utf8")) {
    output += chunk;
    if (method.methodKind === "unary" || parse(output) === undefined) continue;
    endGroup();
    break;
  }
  const [code] = await closed;
  clearTimeout(timer);
  const value = parse(output);
  if (value !== undefined && (code === 0 || method.methodKind !== "unary")) return value;
  throw new Error(`${program} ${args.join(" ")} failed:\n${output}${errors}`);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
