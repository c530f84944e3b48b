import assert from "node:assert/strict";
import { inspect } from "node:util";
import { NodeHeaders } from "../../src/rpc/node-headers.ts";
import { seeded } from "../support/random.ts";

const NAMES = ["x-a", "X-A", "x-b", "set-cookie", "constructor", "__proto__"];
/** No header has such a name, which only who writes is told. */
const BAD_NAMES = ["x b", "", ":path"];
const VALUES = ["1", " 2 ", "3, 4", "", "ä", "\u20ac", "a\nb"];
const OPERATIONS = ["get", "has", "set", "append", "delete", "list"] as const;

/** What an operation gives, or the kind of error that it throws. */
function outcome(headers: Headers, operation: (typeof OPERATIONS)[number], name: string, value: string): unknown {
  try {
    if (operation === "set" || operation === "append") return headers[operation](name, value);
    return operation === "list" ? [...headers] : headers[operation](name);
  } catch (error) {
    return (error as Error).name;
  }
}

describe("the headers of an answer", () => {
  it("are as a real Headers would be, whatever is done with them", () => {
    for (let seed = 1; seed <= 500; seed++) {
      const random = seeded(seed);
      const pick = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)]!;
      const [own, real] = [new NodeHeaders(), new Headers()];
      const done: string[] = [];
      for (let i = 0; i < 12; i++) {
        const operation = pick(OPERATIONS);
        const writes = operation === "set" || operation === "append";
        const [name, value] = [pick(writes ? [...NAMES, ...BAD_NAMES] : NAMES), pick(VALUES)];
        done.push(`${operation} ${name}: ${value}`);
        const [actual, expected] = [own, real].map((headers) => outcome(headers, operation, name, value));
        assert.deepEqual([actual, [...own]], [expected, [...real]], done.join("\n"));
      }
    }
  });

  it("are a Headers", () => {
    const headers: object = new NodeHeaders();
    assert.ok(headers instanceof Headers);
    assert.equal(Object.prototype.toString.call(headers), "[object Headers]");
    assert.ok("append" in headers && !("nothing" in headers));
  });

  it("have all that Headers has, of their own: Node's works on no other object than its own", () => {
    const inherited = Reflect.ownKeys(Headers.prototype).filter((key) => key !== "constructor");
    const functions = inherited.filter((key) => typeof Reflect.get(Headers.prototype, key) === "function");
    assert.deepEqual(
      functions.filter((key) => Reflect.get(NodeHeaders.prototype, key) === Reflect.get(Headers.prototype, key)),
      [],
    );
    const [own, real] = [new NodeHeaders({ ":path": "/", "x-a": "1" }), new Headers({ "x-a": "1" })];
    assert.equal(inspect(own), inspect(real));
    assert.equal(inspect({ deep: { own } }), inspect({ deep: { own: real } }));
  });

  it("are touched once something was set", () => {
    const headers = new NodeHeaders();
    assert.equal(headers.get("x-a"), null);
    assert.equal(headers.touched, undefined);
    headers.set("x-a", "1");
    assert.deepEqual([...headers.touched!], [["x-a", "1"]]);
  });
});

describe("the headers of a request", () => {
  it("leave what was received as it was", () => {
    const fields = { ":path": "/", "x-a": "1", "set-cookie": ["b=1", "c=2"] };
    const before = structuredClone(fields);
    const headers = new NodeHeaders(fields);
    headers.set("x-a", "2");
    headers.append("x-b", "3");
    headers.delete("set-cookie");
    assert.deepEqual(fields, before);
    assert.deepEqual(
      [...headers],
      [
        ["x-a", "2"],
        ["x-b", "3"],
      ],
    );
  });
});
