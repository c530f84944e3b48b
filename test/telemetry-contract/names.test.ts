// The registry of our own names in telemetry, and the check of recorded names against it and the semantic conventions.
import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { readConventions } from "./names/conventions.ts";
import { liveCheck, type Recorded } from "./names/live-check.ts";
import { formFaults, namesOf, readRegistry, readRegistryFiles } from "./names/registry.ts";

const conventions = readConventions();

describe("the registry of names in telemetry", () => {
  const files = readRegistry();
  const groups = files.flatMap((file) => file.groups);

  it("has the form that Weaver reads", () => {
    assert.deepEqual(
      readRegistryFiles().flatMap(({ file, content }) => formFaults(file, content)),
      [],
    );
  });

  it("defines each name once, and none that the conventions have", () => {
    const ids = groups.map(({ id }) => id);
    const attributes = groups.flatMap((group) => group.attributes ?? []).flatMap(({ id }) => id ?? []);
    const metrics = groups.flatMap(({ metric_name }) => metric_name ?? []);
    for (const names of [ids, attributes, metrics])
      assert.deepEqual(
        names.filter((name, i) => names.indexOf(name) !== i),
        [],
      );
    assert.deepEqual(
      [
        ...attributes.filter((name) => conventions.attributes.has(name)),
        ...metrics.filter((name) => conventions.metrics.has(name)),
      ],
      [],
    );
  });

  it("refers to attributes that are defined here or in the conventions, and are not deprecated", () => {
    const own = namesOf(groups).attributes;
    const wrong = groups
      .flatMap((group) => group.attributes ?? [])
      .flatMap(({ ref }) => {
        if (ref === undefined) return [];
        const known = own.get(ref) ?? conventions.attributes.get(ref);
        return known === undefined || known.isDeprecated ? [ref] : [];
      });
    assert.deepEqual(wrong, []);
  });

  it("has its entries in order", () => {
    for (const { file, groups: own } of files) {
      for (const type of ["attribute_group", "metric", "span"]) {
        const ids = own.filter((group) => group.type === type).map(({ id }) => id);
        assert.deepEqual(ids, ids.toSorted(), file);
      }
      for (const { attributes = [] } of own) {
        const names = attributes.map(({ id, ref }) => id ?? ref ?? "");
        assert.deepEqual(names, names.toSorted(), file);
      }
    }
  });

  it("has names of tracemesh or of the shop, but for those that users were given", () => {
    const given = /^(service|log)\.yaml$/;
    const names = files
      .filter(({ file }) => !given.test(file))
      .flatMap(({ groups: own }) => [...namesOf(own).attributes.keys(), ...namesOf(own).metrics.keys()]);
    assert.deepEqual(
      names.filter((name) => !/^(tracemesh|shop)\./.test(name)),
      [],
    );
  });
});

describe("the registry and the code", () => {
  it("agree: nothing is registered that nothing tells", () => {
    const code = globSync("src/**/*.ts")
      .map((file) => readFileSync(file, "utf8"))
      .join("\n");
    const { attributes, metrics } = namesOf(readRegistry().flatMap(({ groups }) => groups));
    // The names of a service's own metrics begin with the name of the service.
    const told = (name: string) =>
      new RegExp(`\\b${RegExp.escape(name.replace(/^[a-z]+-[a-z]+\./, ""))}\\b`).test(code);
    assert.deepEqual(
      [...attributes.keys(), ...metrics.keys()].filter((name) => !told(name)),
      [],
    );
  });
});

describe("the check of names", () => {
  const own = namesOf([
    {
      id: "registry.shop",
      type: "attribute_group",
      attributes: [
        { id: "shop.size", type: "int" },
        { id: "shop.old", type: "string", deprecated: {} },
        { id: "shop.state", type: { members: [{ id: "open", value: "open", brief: "Open." }] } },
      ],
    },
    {
      ...{ id: "metric.shop.sales", type: "metric", metric_name: "shop.sales", instrument: "counter", unit: "{sale}" },
      attributes: [{ ref: "shop.size", requirement_level: "required" }],
    },
  ]);
  const span = (attributes: object): Recorded => ({
    spans: [{ name: "a", attributes: { ...attributes }, events: [], resource: {} }],
    logs: [],
    points: [],
  });
  const point = (over: object): Recorded => ({
    spans: [],
    logs: [],
    points: [
      {
        metric: "shop.sales",
        unit: "{sale}",
        instrument: "counter",
        attributes: { "shop.size": 1 },
        resource: {},
        ...over,
      },
    ],
  });

  const cases: readonly [what: string, recorded: Recorded, violations: readonly string[]][] = [
    [
      "what is right",
      span({ "shop.size": 1, "shop.state": "open", "http.request.method": "GET", "rpc.status_code": "OK" }),
      [],
    ],
    [
      "an attribute that nobody registered",
      span({ "shop.colour": "red" }),
      ["attribute shop.colour is not registered (span a)"],
    ],
    ["a deprecated one of ours", span({ "shop.old": "x" }), ["attribute shop.old is deprecated (span a)"]],
    [
      "a deprecated one of the conventions",
      span({ "http.method": "GET" }),
      ["attribute http.method is deprecated (span a)"],
    ],
    ["another type", span({ "shop.size": "1" }), ['attribute shop.size is "1", which is no int (span a)']],
    [
      "another type than the conventions'",
      span({ "http.response.status_code": "200" }),
      ['attribute http.response.status_code is "200", which is no int (span a)'],
    ],
    ["no member", span({ "shop.state": "ajar" }), ['attribute shop.state is "ajar", which is no member (span a)']],
    [
      "no member of the conventions",
      span({ "http.request.method": "get" }),
      ['attribute http.request.method is "get", which is no member (span a)'],
    ],
    ["nothing as a value", span({ "url.path": "" }), ["attribute url.path is empty (span a)"]],
    ["a metric that nobody registered", point({ metric: "shop.losses" }), ["metric shop.losses is not registered ()"]],
    [
      "a deprecated metric",
      point({ metric: "rpc.server.duration", unit: "ms", instrument: "histogram" }),
      ["metric rpc.server.duration is deprecated ()"],
    ],
    ["another unit", point({ unit: "1" }), ['metric shop.sales has unit "1", not "{sale}" ()']],
    ["another instrument", point({ instrument: "gauge" }), ["metric shop.sales is a gauge, not a counter ()"]],
    [
      "an attribute of a metric",
      point({ attributes: { "shop.size": 1, x: 1 } }),
      [
        "attribute x is not registered (metric shop.sales)",
        "metric shop.sales has attribute x, which it does not declare ()",
      ],
    ],
    ["a lack of an attribute", point({ attributes: {} }), ["metric shop.sales lacks attribute shop.size ()"]],
    ["an attribute of a resource", point({ resource: { y: 1 } }), ["attribute y is not registered (resource)"]],
    [
      "an attribute of an event",
      {
        ...span({}),
        spans: [{ name: "a", attributes: {}, resource: {}, events: [{ name: "e", time: 0n, attributes: { z: 1 } }] }],
      },
      ["attribute z is not registered (event e of span a)"],
    ],
    [
      "an attribute of a log line",
      { spans: [], points: [], logs: [{ body: "b", attributes: { w: 1 }, resource: {} }] },
      ["attribute w is not registered (log line b)"],
    ],
  ];
  for (const [what, recorded, violations] of cases) {
    it(`finds ${violations.length === 0 ? "nothing in " : ""}${what}`, () => {
      const found = liveCheck(recorded, own, conventions).filter(
        (line) => !(line.includes("rpc.server.duration") && !line.includes("deprecated")),
      );
      assert.deepEqual(found, violations);
    });
  }

  it("finds what is not well-formed", () => {
    const attribute = { id: "shop.size", type: "int", brief: "Size.", examples: [1], stability: "development" };
    const group = {
      id: "registry.shop",
      type: "attribute_group",
      display_name: "Shop",
      brief: "The shop.",
      attributes: [attribute],
    };
    assert.deepEqual(formFaults("a.yaml", { groups: [group] }), []);
    for (const broken of [
      { groups: [{ ...group, attributes: [{ ...attribute, id: "Shop.Size" }] }] },
      { groups: [{ ...group, attributes: [{ ...attribute, type: "integer" }] }] },
      { groups: [{ ...group, attributes: [{ ...attribute, examples: undefined, stability: undefined }] }] },
      { groups: [{ ...group, type: "metric" }] },
      { groups: [{ ...group, metric_name: "shop.sales" }] },
      { groups: [] },
      {},
    ]) {
      assert.notDeepEqual(formFaults("a.yaml", JSON.parse(JSON.stringify(broken))), []);
    }
  });
});
