// What is measured, by the names that `--only` takes.
import { type CapacityRow, measureCapacity } from "./capacity.ts";
import type { ClientKind, ClientOrder } from "./client-process.ts";
import type { Call } from "./load/load-process.ts";
import { measureOverload, type OverloadRow, type OverloadTiming } from "./overload.ts";
import { measurePaired, type PairedTiming, type Row } from "./paired.ts";
import { STREAM_LENGTH } from "./probe.ts";
import type { CapacitySection, PairedSection } from "./results.ts";
import { builtGateway, gatewayPeer, grpcServer, ownGateway, type Server } from "./servers.ts";
import type { Sink } from "./sink.ts";
import { clientSubject, type Load, serverSubject } from "./subjects.ts";

export type Timing = {
  readonly paired: PairedTiming;
  readonly capacity: { readonly sets: number; readonly warmupMs: number; readonly windowMs: number };
  readonly overload: OverloadTiming;
};

export type Bench = {
  readonly timing: Timing;
  readonly load: Load;
  readonly sink: Sink;
  /** Servers in other languages, as far as they could be built. */
  readonly foreign: readonly Server[];
  /** Our program as one executable, if it could be built. */
  readonly executable: string | undefined;
  /** The port of the user service that the gateways call. */
  readonly usersPort: number;
};

type Group =
  | { readonly kind: "paired"; measure(bench: Bench): Promise<Omit<PairedSection, "group">> }
  | { readonly kind: "capacity"; measure(bench: Bench): Promise<Omit<CapacitySection, "group">> }
  | { readonly kind: "overload"; measure(bench: Bench): Promise<readonly OverloadRow[]> };

/** The first server of a list is the reference. It is measured against itself too, which shows the noise. */
export const GROUPS: Readonly<Record<string, Group>> = {
  servers: paired((bench) => {
    const kinds = ["grpc-js", "grpc-js-otel", "plain", "intercepted", "logged", "sampled"] as const;
    return servers(bench, "gRPC server, unary", "unary", kinds.map(grpcServer));
  }),
  tls: paired((bench) => {
    const kinds = ["grpc-js-tls", "grpc-js-mtls", "plain-tls", "plain-mtls", "grpc-js", "plain"] as const;
    return servers(bench, "gRPC server over TLS, unary", "unary", kinds.map(grpcServer));
  }),
  "server-streams": paired((bench) => {
    const kinds = ["grpc-js", "plain", "intercepted"] as const;
    return servers(bench, `gRPC server, streams of ${STREAM_LENGTH}`, "stream", kinds.map(grpcServer));
  }),
  peers: paired((bench) => {
    const kinds = ["grpc-js", "nice-grpc", "nice-grpc-otel", "nest", "nest-otel", "connect"] as const;
    return servers(bench, "Other gRPC servers, unary", "unary", [...kinds.map(grpcServer), ...bench.foreign]);
  }),
  clients: paired((bench) => {
    return clients(bench, "gRPC client, unary", "unary", ["grpc-js", "instrumented", "plain", "intercepted"]);
  }),
  "client-streams": paired((bench) => {
    return clients(bench, `gRPC client, streams of ${STREAM_LENGTH}`, "stream", ["grpc-js", "plain", "intercepted"]);
  }),
  rest: paired((bench) => {
    const { usersPort } = bench;
    const peers = (["fastify", "nest"] as const).map((kind) => gatewayPeer(kind, usersPort));
    return servers(bench, "REST gateway, no telemetry", "rest", [...peers, ownGateway("off", usersPort)]);
  }),
  "rest-telemetry": paired((bench) => {
    const { usersPort } = bench;
    const peerKinds = ["fastify-otel", "fastify-otel-logged", "nest-otel"] as const;
    const peers = peerKinds.map((kind) => gatewayPeer(kind, usersPort));
    const own = (["telemetry", "default"] as const).map((kind) => ownGateway(kind, usersPort));
    return servers(bench, "REST gateway, with telemetry", "rest", [...peers, ...own]);
  }),
  latency: capacity((bench) => {
    const peers = ["grpc-js", "grpc-js-otel", "nice-grpc", "nice-grpc-otel", "nest", "nest-otel", "connect"] as const;
    const own = ["plain", "intercepted", "logged"] as const;
    return {
      title: "gRPC server, unary",
      call: "unary",
      servers: [...[...peers, ...own].map(grpcServer), ...bench.foreign],
    };
  }),
  "rest-latency": capacity(({ usersPort, executable }) => {
    const peerKinds = ["fastify", "fastify-otel", "nest", "nest-otel"] as const;
    const peers = peerKinds.map((kind) => gatewayPeer(kind, usersPort));
    const own = (["off", "telemetry", "default"] as const).map((kind) => ownGateway(kind, usersPort));
    const built = executable === undefined ? [] : [builtGateway(executable, usersPort)];
    return { title: "REST gateway", call: "rest", servers: [...peers, ...own, ...built] };
  }),
  overload: { kind: "overload", measure: ({ timing, sink }) => measureOverload(timing.overload, sink) },
};

function paired(measure: (bench: Bench) => Promise<Omit<PairedSection, "group">>): Group {
  return { kind: "paired", measure };
}

function capacity(choose: (bench: Bench) => { title: string; call: Call; servers: readonly Server[] }): Group {
  return {
    kind: "capacity",
    async measure(bench) {
      const { title, call, servers } = choose(bench);
      const { load, sink, timing } = bench;
      const rows: readonly CapacityRow[] = await measureCapacity({ ...timing.capacity, call, servers, load, sink });
      return { title, rows };
    },
  };
}

async function servers({ timing, load, sink }: Bench, title: string, call: Call, list: readonly Server[]) {
  const start = (server: Server) => () => serverSubject(server, call, load, sink);
  const candidates = Object.fromEntries(list.map((server) => [server.label, start(server)]));
  const [first] = list;
  const rows = await measurePaired({ ...timing.paired, reference: start(first!), candidates });
  return section(title, call, first!.label, rows);
}

const CLIENT_LABELS: Record<ClientKind, string> = {
  "grpc-js": "grpc-js",
  instrumented: "grpc-js, OpenTelemetry",
  plain: "tracemesh",
  intercepted: "tracemesh, all interceptors",
};

async function clients(
  { timing, sink }: Bench,
  title: string,
  call: ClientOrder["call"],
  kinds: readonly [ClientKind, ...ClientKind[]],
) {
  const start = (kind: ClientKind) => () => clientSubject(kind, call, sink);
  const candidates = Object.fromEntries(kinds.map((kind) => [CLIENT_LABELS[kind], start(kind)]));
  const rows = await measurePaired({ ...timing.paired, reference: start(kinds[0]), candidates });
  return section(title, call, CLIENT_LABELS[kinds[0]], rows);
}

const UNITS: Record<Call, { unit: string; unitsPerCall: number }> = {
  unary: { unit: "call", unitsPerCall: 1 },
  stream: { unit: "message", unitsPerCall: STREAM_LENGTH },
  rest: { unit: "request", unitsPerCall: 1 },
};

function section(title: string, call: Call, reference: string, rows: readonly Row[]): Omit<PairedSection, "group"> {
  return { title, ...UNITS[call], reference, rows };
}
