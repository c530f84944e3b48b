// Requests of every kind to a shop of four processes, and all telemetry that they make: nothing is missing, nothing is unseen, nothing lies.
import assert from "node:assert/strict";
import type { RoleName } from "../../src/roles.ts";
import { roleNames } from "../../src/roles.ts";
import { AWAY, LATE, WORKING } from "./kinds/all.ts";
import { differences, FROM_OUTSIDE, serverAttributes } from "./kinds/attributes.ts";
import { describeMetrics } from "./suites/metrics.ts";
import { describeOrigin } from "./suites/origin.ts";
import { describeTraces } from "./suites/traces.ts";
import { type Evidence, gather } from "./support/evidence.ts";
import { expectedLogs } from "./support/judge.ts";
import { startRecordedShop, timesOf } from "./support/recorded-shop.ts";
import { asExpected, serviceOf, treeBelow } from "./support/trees.ts";

const KINDS = [...WORKING, ...LATE, ...AWAY];

describe("the telemetry of requests", function () {
  this.timeout(120_000);

  let seen: Evidence;
  const ports = new Map<RoleName, number>();
  const portOf = (role: RoleName) => ports.get(role)!;

  before(async () => {
    const recorded = await startRecordedShop();
    const { shop, backend } = recorded;
    try {
      for (const role of roleNames) ports.set(role, shop.process(role).port);
      await recorded.send(WORKING);
      const { pid } = shop.process("user");
      process.kill(pid, "SIGSTOP");
      await recorded.send(LATE).finally(() => process.kill(pid, "SIGCONT"));
      await shop.stop("user");
      await recorded.send(AWAY);
    } finally {
      await recorded.close();
    }
    seen = gather(
      backend,
      recorded.sent,
      roleNames.flatMap((role) => shop.process(role).lines),
    );
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
        const logs = seen.logsOf(traceId);
        if (kind.unsampled !== undefined) {
          const lines = logs.map((log) => `${serviceOf(log)} ${log.severity} ${log.body}`);
          assert.deepEqual(lines, [`${kind.unsampled.service} ${kind.log}`]);
          continue;
        }
        const root = seen.rootOf(request)!;
        const way = { ...kind, userAgent: FROM_OUTSIDE };
        const expected = { ...serverAttributes(root, way, portOf), ...kind.attributes };
        assert.deepEqual(differences(root.attributes, expected), []);
        if (kind.role === "gateway" && !kind.unanswered) {
          assert.equal(answer.traceResponse, `00-${traceId}-${root.spanId}-01`);
        }
        const lines = logs.map((log) => `${serviceOf(log)} ${log.spanId} ${log.severity} ${log.body}`);
        assert.deepEqual(lines.sort(), expectedLogs(kind, root, spans));
      }
    });
  }

  describeTraces(() => seen, portOf);
  describeMetrics(() => seen);
  describeOrigin(() => seen);
});
