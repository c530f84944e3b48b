import assert from "node:assert/strict";
import { Code, ConnectError } from "@connectrpc/connect";
import { ErrorInfoSchema } from "../../gen/google/rpc/error_details_pb.js";
import { defineOutcomes, mergeOutcomes, outcomeOf, reasonOf } from "../../src/rpc/outcomes.ts";

const lost = defineOutcomes("a.example", {
  LOST: { code: Code.NotFound },
  PAID: { code: Code.AlreadyExists, http: 402 },
});

/** An error as a peer may answer it. */
const foreign = (domain: string, reason: string) =>
  new ConnectError("no", Code.NotFound, undefined, [{ desc: ErrorInfoSchema, value: { domain, reason } }]);

describe("outcomes", () => {
  it("are known by domain and reason, and nothing else is", () => {
    assert.deepEqual(outcomeOf(lost.error("PAID", "was paid"), lost), { code: Code.AlreadyExists, http: 402 });
    for (const error of [
      foreign("b.example", "LOST"),
      foreign("a.example", "FOUND"),
      foreign("a.example", "constructor"),
      foreign("a.example", "__proto__"),
      new ConnectError("LOST", Code.NotFound),
      new Error("LOST"),
      undefined,
    ]) {
      assert.equal(outcomeOf(error, lost), undefined);
    }
    assert.equal(reasonOf(foreign("b.example", "LOST")), "LOST");
    assert.equal(reasonOf(foreign("b.example", "LOST"), "a.example"), undefined);
  });

  it("of several services are one table, unless they disagree", () => {
    const same = defineOutcomes("a.example", { LOST: { code: Code.NotFound }, LATE: { code: Code.Aborted } });
    assert.deepEqual(Object.keys(mergeOutcomes([lost, same]).table), ["LOST", "PAID", "LATE"]);
    const other = defineOutcomes("a.example", { LOST: { code: Code.DataLoss } });
    assert.throws(() => mergeOutcomes([lost, other]), /LOST means two things/);
    assert.throws(() => mergeOutcomes([lost, defineOutcomes("b.example", {})]), /two domains/);
  });
});
