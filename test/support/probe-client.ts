// Clients of the probe for tests: the same tests run against our own server and against grpc-js, plainly and with interceptors.
import type { Client, Interceptor } from "@connectrpc/connect";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport, type GrpcTransport, type GrpcTransportOptions } from "../../src/rpc/client/transport.ts";
import { createRpcServer } from "../../src/rpc/server/server.ts";
import { startGrpcJsServer } from "./grpc-js-server.ts";
import { createProbe, type Probe, ProbeService } from "./probe.ts";

export type ProbeClient = Client<typeof ProbeService>;

/** A probe that runs. */
export type RunningProbe = Probe & {
  readonly port: number;
  /** Cuts connections. */
  close(): void | Promise<void>;
};

export async function startGrpcJsProbe(address?: string): Promise<RunningProbe> {
  const probe = createProbe();
  const server = await startGrpcJsServer(probe.service, address);
  return { ...probe, ...server };
}

/** Takes messages of up to 8 MB. Does not compress unless told: the probe's bytes are zeros, of which any number would fit in a window. */
export async function startOwnProbe(compressMinBytes = Number.POSITIVE_INFINITY): Promise<RunningProbe> {
  const probe = createProbe();
  const limits = { readMaxBytes: 8 << 20, compressMinBytes };
  const server = createRpcServer({ services: [probe.service], limits, onError: () => {} });
  const port = await server.listen();
  return { ...probe, port, close: server.close };
}

/** Appends "+a" to x-in, without looking at anything else. */
export const setsHeader: Interceptor = (next) => (request) => {
  request.header.set("x-in", `${request.header.get("x-in") ?? ""}+a`);
  return next(request);
};

/** Copies request and response, with another signal and with headers that have "+b" at the end of x-in. */
export const copies: Interceptor = (next) => async (request) => {
  const header = new Headers(request.header);
  header.set("x-in", `${header.get("x-in")}+b`);
  const response = await next({ ...request, header, signal: AbortSignal.any([request.signal]) });
  return { ...response };
};

/** How the client is set up, what becomes of an x-in of "v" on its way, and who answers. */
const SETUPS = {
  "no interceptor, our server": { interceptors: [], xIn: "v", start: () => startOwnProbe() },
  "an interceptor, our server": { interceptors: [setsHeader], xIn: "v+a", start: () => startOwnProbe() },
  "interceptors that copy, our server": {
    interceptors: [setsHeader, copies],
    xIn: "v+a+b",
    start: () => startOwnProbe(),
  },
  "no interceptor, a grpc-js server": { interceptors: [], xIn: "v", start: () => startGrpcJsProbe() },
};

type Setup = (typeof SETUPS)[keyof typeof SETUPS];

/** What tests get. Use it within tests and hooks only. */
export type Fixture = {
  /** The probe, freshly started for these tests. */
  readonly probe: RunningProbe;
  readonly client: ProbeClient;
  /** A client with other options, of the probe unless they name a target. It is closed after the tests. */
  connect(options?: Partial<GrpcTransportOptions>): ProbeClient;
  /** What a server sees of a header x-in that the caller sets to "v". */
  readonly xIn: string;
};

/** Defines the tests for each setup. */
export function describeClient(title: string, defineTests: (fixture: Fixture) => void): void {
  for (const [name, setup] of Object.entries(SETUPS)) {
    describe(`${title}: ${name}`, () => defineTests(createFixture(setup)));
  }
}

function createFixture({ start, xIn, interceptors }: Setup): Fixture {
  const transports: GrpcTransport[] = [];
  let probe: RunningProbe;
  let client: ProbeClient;

  function connect(options: Partial<GrpcTransportOptions> = {}): ProbeClient {
    const transport = createGrpcTransport({ target: `127.0.0.1:${probe.port}`, interceptors, ...options });
    transports.push(transport);
    return createClient(ProbeService, transport);
  }

  before(async () => {
    probe = await start();
    client = connect();
  });

  after(async () => {
    for (const transport of transports) transport.close();
    await probe.close();
  });

  return {
    xIn,
    connect,
    get probe() {
      return probe;
    },
    get client() {
      return client;
    },
  };
}
