// What the documents say about orders, errors and limits is what the code does.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { Code } from "@connectrpc/connect";
import { canMove, isFinal, type OrderState } from "../../src/order/order.ts";
import { orderOutcomes } from "../../src/order/outcomes.ts";
import { roleNames, roles } from "../../src/roles.ts";
import { httpStatusOf } from "../../src/rpc/http-status.ts";
import { resolveOptions } from "../../src/rpc/server/options.ts";
import { readDocument } from "./document.ts";
import { upperSnakeCase } from "./names.ts";

const STATES: readonly OrderState[] = ["pending", "paid", "rejected", "cancelling", "cancelled"];

const drawings = readDocument("docs/architecture.md")
  .blocks.filter(({ language }) => language === "mermaid")
  .map(({ text }) => text);
const operations = readFileSync("docs/operations.md", "utf8");

function drawing(kind: string): string {
  const found = drawings.find((text) => text.startsWith(kind));
  assert.ok(found, `docs/architecture.md has no ${kind}`);
  return found;
}

describe("docs/architecture.md", () => {
  it("draws every move of an order, and no other", () => {
    const drawn = [...drawing("stateDiagram-v2").matchAll(/^ *(\S+) --> ([^\s:]+)/gm)].map(
      ([, from, to]) => `${from} ${to}`,
    );
    const moves = STATES.flatMap((from) => STATES.filter((to) => canMove(from, to)).map((to) => [from, to]));
    const ends = STATES.filter(isFinal).map((state) => [state, "[*]"]);
    const expected = [["[*]", "pending"], ...moves, ...ends].map((move) => move.join(" ").toUpperCase());
    assert.deepEqual(drawn.toSorted(), expected.toSorted());
  });

  it("draws the way of an order through roles that there are", () => {
    const participants = [...drawing("sequenceDiagram").matchAll(/participant \w+ as (\w+)/g)].map(([, name]) => name);
    const known: readonly (string | undefined)[] = ["caller", ...roleNames];
    assert.ok(participants.length >= 4);
    assert.deepEqual(
      participants.filter((name) => !known.includes(name)),
      [],
    );
  });
});

describe("docs/operations.md", () => {
  it("tells the status and the code of each outcome", () => {
    const rows = operations.matchAll(/^\| [^|]+ \| (\d{3}) \| ([A-Z_]+) \| (`.*`) \|$/gm);
    const told = [...rows].flatMap(([, status, code, reasons = ""]) =>
      [...reasons.matchAll(/`(\w+)`/g)].map(([, reason = ""]) => ({ reason, status: Number(status), code })),
    );
    const outcomes = told.filter(({ reason }) => reason !== "DEPENDENCY_UNAVAILABLE");
    assert.deepEqual(
      outcomes,
      outcomes.map(({ reason }) => ({ reason, ...answerOf(reason) })),
    );
    const reasons = outcomes.map(({ reason }) => reason);
    assert.deepEqual(
      Object.keys(orderOutcomes.table).filter((reason) => !reasons.includes(reason)),
      [],
    );
  });

  it("tells the limits of the server", () => {
    const { limits } = resolveOptions({ services: [] });
    assert.match(operations, new RegExp(`one budget of ${limits.maxHeldBytes / 2 ** 20} MiB`));
    assert.match(operations, new RegExp(`${limits.maxConnectionsPerAddress.toLocaleString("en")} from one address`));
    assert.equal(limits.writeTimeoutMs, 60_000, "does not take its answer for a minute");
  });
});

/** How REST and gRPC answer an outcome. */
function answerOf(reason: string): { status: number; code: string } {
  const owner = roles.find(({ outcomes }) => Object.hasOwn(outcomes.table, reason));
  assert.ok(owner, `no role has the outcome ${reason}`);
  const error = owner.outcomes.error(reason, "");
  return { status: httpStatusOf(error), code: upperSnakeCase(Code[error.code]) };
}
