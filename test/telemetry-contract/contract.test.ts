// Requests of every kind to a shop of four processes, and all telemetry that they make: nothing is missing, nothing is unseen, nothing lies.
import assert from "node:assert/strict";
import packageJson from "../../package.json" with { type: "json" };
import type { RoleName } from "../../src/roles.ts";
import { AWAY, LATE, WORKING } from "./kinds/all.ts";
import {
  clientAttributes,
  differences,
  FROM_OUTSIDE,
  queryAttributes,
  serverAttributes,
  WITHIN,
} from "./kinds/attributes.ts";
import { SECRET } from "./kinds/secrets.ts";
import { readConventions } from "./names/conventions.ts";
import { liveCheck } from "./names/live-check.ts";
import { namesOf, readRegistry } from "./names/registry.ts";
import { countsOf, disagreements, type Evidence, gather, tally } from "./support/evidence.ts";
import { countedStatus, expectedLogs, faultsInTime, transactionFaults } from "./support/judge.ts";
import { startRecordedShop, timesOf } from "./support/recorded-shop.ts";
import { asExpected, serviceOf, treeBelow } from "./support/trees.ts";

const KINDS = [...WORKING, ...LATE, ...AWAY];
const SERVICES = ["api-gateway", "order-service", "payment-service", "user-service"];

/** The resource of a process. Its arguments are not there: they may hold secrets. */
const RESOURCE = {
  "service.name": new RegExp(`^(${SERVICES.join("|")})$`),
  "service.namespace": "tracemesh",
  "service.version": packageJson.version,
  "service.instance.id": /./,
  "deployment.environment.name": "development",
  "host.name": /./,
  "host.arch": /./,
  "host.id": /./,
  "os.type": /./,
  "os.version": /./,
  "process.pid": /^\d+$/,
  "process.executable.name": /./,
  "process.executable.path": /./,
  "process.owner": /./,
  "process.runtime.name": "nodejs",
  "process.runtime.version": process.versions.node,
  "process.runtime.description": /./,
  "telemetry.sdk.language": "nodejs",
  "telemetry.sdk.name": "opentelemetry",
  "telemetry.sdk.version": /^\d/,
};

describe("the telemetry of requests", function () {
  this.timeout(120_000);

  let seen: Evidence;
  const ports = new Map<RoleName, number>();

  before(async () => {
    const recorded = await startRecordedShop();
    const { shop, backend } = recorded;
    try {
      for (const role of ["gateway", "order", "payment", "user"] as const) ports.set(role, shop.process(role).port);
      await recorded.send(WORKING);
      const { pid } = shop.process("user");
      process.kill(pid, "SIGSTOP");
      await recorded.send(LATE).finally(() => process.kill(pid, "SIGCONT"));
      await shop.stop("user");
      await recorded.send(AWAY);
    } finally {
      await recorded.close();
    }
    seen = gather(backend, recorded.sent);
  });

  for (const kind of KINDS) {
    it(`is by the contract for "${kind.name}"`, () => {
      const sent = seen.sent.filter((request) => request.kind === kind);
      assert.equal(sent.length, timesOf(kind));
      for (const request of sent) {
        const { answer, traceId, parentId } = request;
        assert.equal(answer.outcome, kind.answer);
        const spans = seen.spansOf(traceId);
        assert.deepEqual(asExpected(treeBelow(parentId, spans), kind.spans), kind.spans);
        const root = seen.rootOf(request)!;
        const way = { ...kind, userAgent: FROM_OUTSIDE };
        const expected = { ...serverAttributes(root, way, (role) => ports.get(role)!), ...kind.attributes };
        assert.deepEqual(differences(root.attributes, expected), []);
        if (kind.role === "gateway" && !kind.unanswered) {
          assert.equal(answer.traceResponse, `00-${traceId}-${root.spanId}-01`);
        }
        const logs = seen.logsOf(traceId).map((log) => `${serviceOf(log)} ${log.spanId} ${log.severity} ${log.body}`);
        assert.deepEqual(logs.sort(), expectedLogs(kind, root, spans));
      }
    });
  }

  it("is of every request, and of nothing else", () => {
    const strange = seen.spans.filter(({ traceId }) => seen.sentOf(traceId) === undefined);
    assert.deepEqual(
      strange.map((span) => `${serviceOf(span)} ${span.name}`),
      [],
    );
    const roots = seen.sent.map((request) => [request.kind.name, seen.rootOf(request)] as const);
    assert.deepEqual(
      tally(roots.map(([name, root]) => `${name} ${root?.kind}`)),
      tally(KINDS.flatMap((kind) => Array(timesOf(kind)).fill(`${kind.name} SERVER`))),
    );
  });

  it("has no orphan and no duplicate", () => {
    const orphans = seen.spans.filter(
      ({ traceId, parentSpanId }) =>
        parentSpanId !== "" &&
        parentSpanId !== seen.sentOf(traceId)?.parentId &&
        seen.spanOf(parentSpanId)?.traceId !== traceId,
    );
    assert.deepEqual(
      orphans.map((span) => `${serviceOf(span)} ${span.name}`),
      [],
    );
    assert.equal(new Set(seen.spans.map(({ spanId }) => spanId)).size, seen.spans.length);
  });

  it("has the attributes of calls and queries within the shop", () => {
    const of = (role: RoleName) => ports.get(role)!;
    const wrong = seen.spans.flatMap((span) => {
      if (span.kind === "SERVER" && span.parentSpanId === seen.sentOf(span.traceId)?.parentId) return [];
      const expected =
        span.kind === "SERVER"
          ? serverAttributes(span, WITHIN, of)
          : "db.system.name" in span.attributes
            ? queryAttributes(span)
            : clientAttributes(span, of);
      return differences(span.attributes, expected).map((line) => `${span.kind} ${span.name}: ${line}`);
    });
    assert.deepEqual(tally(wrong), {});
  });

  it("has each child within its parent's time, to the nanosecond within a process", () => {
    const late = new Set(LATE.map(({ name }) => name));
    const wrong = seen.spans.flatMap((span) => {
      const parent = seen.spanOf(span.parentSpanId);
      const kind = seen.sentOf(span.traceId)?.kind.name;
      // A callee that was stopped answers long after its caller gave up.
      if (parent === undefined || (kind !== undefined && late.has(kind) && serviceOf(span) !== serviceOf(parent)))
        return [];
      return faultsInTime(span, parent).map((fault) => `${kind}: ${fault}`);
    });
    assert.deepEqual(tally(wrong), {});
  });

  it("has the queries of a transaction between its begin and its end, one after the other", () => {
    const owners = Map.groupBy(
      seen.spans.filter(({ attributes }) => "db.system.name" in attributes),
      ({ parentSpanId }) => parentSpanId,
    );
    const wrong = [...owners.values()].flatMap(transactionFaults);
    assert.deepEqual(tally(wrong), {});
    assert.ok([...owners.values()].filter((queries) => queries.some(({ name }) => name === "COMMIT")).length > 100);
  });

  it("has log times that ascend in each process, and lines without a trace only of its start and end", () => {
    const ofProcess = Map.groupBy(seen.logs, ({ resource }) => String(resource["service.instance.id"]));
    assert.equal(ofProcess.size, SERVICES.length);
    for (const logs of ofProcess.values()) {
      const wrong = logs.filter(({ timeNs }, i) => i > 0 && timeNs <= logs[i - 1]!.timeNs);
      assert.deepEqual(
        wrong.map(({ body }) => body),
        [],
      );
    }
    const untraced = seen.logs.filter(({ traceId }) => traceId === "").map(({ body }) => String(body));
    assert.deepEqual(
      untraced.filter((body) => !/^(gateway|order|payment|user) (serves|drains|stopped)$/.test(body)),
      [],
    );
    const lost = seen.logs.filter(({ traceId, spanId }) => traceId !== "" && seen.spanOf(spanId)?.traceId !== traceId);
    assert.deepEqual(
      lost.map(({ body }) => body),
      [],
    );
  });

  it("counts every request once, under its service's name", () => {
    const expected = (isCounted: (status: number) => boolean) =>
      tally(
        seen.spans
          .filter(({ kind }) => kind === "SERVER")
          .flatMap((span) => {
            const status = countedStatus(span, seen.sentOf(span.traceId)!);
            return isCounted(status) ? [`${serviceOf(span)} ${span.name} ${status}`] : [];
          }),
      );
    const counted = (metric: string) =>
      Object.assign(
        {},
        ...SERVICES.map((service) => countsOf(seen.points, `${service}.${metric}`, ["endpoint", "status"])),
      );
    assert.deepEqual(
      disagreements(
        counted("requests.total"),
        expected(() => true),
      ),
      [],
    );
    assert.deepEqual(
      disagreements(
        counted("request.duration"),
        expected(() => true),
      ),
      [],
    );
    assert.deepEqual(
      disagreements(
        counted("errors.total"),
        expected((status) => status >= 500),
      ),
      [],
    );
  });

  it("times every call and every HTTP request once, by the semantic conventions", () => {
    const spans = (kind: string, keys: readonly string[]) =>
      tally(
        seen.spans
          .filter((span) => span.kind === kind && keys[0]! in span.attributes)
          .map((span) => [serviceOf(span), ...keys.map((key) => span.attributes[key] ?? "-")].join(" ")),
      );
    const http = [
      "http.request.method",
      "http.route",
      "http.response.status_code",
      "network.protocol.version",
      "url.scheme",
      "error.type",
    ];
    const rpc = ["rpc.system.name", "rpc.method", "rpc.status_code", "error.type"];
    assert.deepEqual(
      disagreements(countsOf(seen.points, "http.server.request.duration", http), spans("SERVER", http)),
      [],
    );
    assert.deepEqual(disagreements(countsOf(seen.points, "rpc.server.call.duration", rpc), spans("SERVER", rpc)), []);
    assert.deepEqual(disagreements(countsOf(seen.points, "rpc.client.call.duration", rpc), spans("CLIENT", rpc)), []);
  });

  it("has exemplars that lead from histograms to spans", () => {
    const durations = seen.allPoints.filter(
      ({ metric, count }) => count > 0 && /\.(request|call|operation)\.duration$/.test(metric),
    );
    const exemplars = durations.flatMap(({ metric, exemplars }) =>
      exemplars.map((exemplar) => ({ metric, ...exemplar })),
    );
    const leading = new Set(exemplars.map(({ metric }) => metric));
    assert.deepEqual(
      [...new Set(durations.map(({ metric }) => metric))].filter((metric) => !leading.has(metric)),
      [],
    );
    const wrong = exemplars.filter(({ spanId, traceId }) => seen.spanOf(spanId)?.traceId !== traceId);
    assert.deepEqual(tally(wrong.map(({ metric }) => metric)), {});
  });

  it("links an order's repetition to the call that created it", () => {
    const callsOf = (name: string) =>
      seen.sent
        .filter(({ kind }) => kind.name === name)
        .map(
          ({ traceId }) =>
            seen.spansOf(traceId).find((span) => span.kind === "SERVER" && serviceOf(span) === "order-service")!,
        );
    const first = callsOf("an order with a key").map(({ traceId, spanId }) => `${traceId} ${spanId}`);
    const repeated = callsOf("an order with the same key").flatMap(({ links }) =>
      links.map(({ traceId, spanId }) => `${traceId} ${spanId}`),
    );
    assert.deepEqual(repeated.sort(), first.sort());
    const lost = seen.spans
      .flatMap(({ links }) => links)
      .filter(({ traceId, spanId }) => seen.spanOf(spanId)?.traceId !== traceId);
    assert.deepEqual(lost, []);
  });

  it("comes from one scope, of a version, by a version of the conventions", () => {
    const origins = [...seen.spans, ...seen.logs, ...seen.allPoints].map(
      ({ scope, scopeVersion, schemaUrl }) => `${scope} ${scopeVersion} ${schemaUrl}`,
    );
    assert.deepEqual(Object.keys(tally(origins)), [
      `tracemesh ${packageJson.version} https://opentelemetry.io/schemas/1.45.0`,
    ]);
  });

  it("says what it comes from: service, host, process", () => {
    const resources = new Map(
      [...seen.spans, ...seen.logs, ...seen.allPoints].map(({ resource }) => [JSON.stringify(resource), resource]),
    );
    assert.equal(resources.size, SERVICES.length);
    for (const [, resource] of resources) {
      const { "container.id": container, ...known } = resource;
      assert.deepEqual(differences(known, RESOURCE), []);
      assert.match(String(container ?? "0"), /^[0-9a-f]+$/);
    }
  });

  it("tells no secret", () => {
    const told = seen.bodies.flatMap(
      (body) => body.toString("latin1").match(new RegExp(`.{0,60}(?:${SECRET.source}).{0,20}`, "gi")) ?? [],
    );
    assert.deepEqual([...new Set(told)].slice(0, 10), []);
  });

  it("uses names that are registered, as they are registered", () => {
    assert.deepEqual(liveCheck(seen, namesOf(readRegistry().flatMap(({ groups }) => groups)), readConventions()), []);
  });

  it("has a bounded number of series, whatever clients invent", () => {
    const series = tally(seen.points.map((point) => `${serviceOf(point)} ${point.metric}`));
    const requests = new Set(KINDS.map(({ role, spans, answer }) => `${role} ${spans[0]} ${answer}`));
    const many = Object.entries(series).filter(([, count]) => count > requests.size);
    assert.deepEqual(many, []);
  });
});
