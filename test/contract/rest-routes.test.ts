import assert from "node:assert/strict";
import { parsePathTemplate } from "../../src/rpc/rest/path-template.ts";
import { createRouter } from "../../src/rpc/rest/router.ts";
import { type Random, randomText, seeded } from "../support/random.ts";

/** A router with one route for each template, named by it. */
function routerOf(...templates: string[]) {
  const router = createRouter<string>();
  for (const template of templates) {
    router.add("GET", parsePathTemplate(template), template);
  }
  return (path: string) => {
    const match = router.match("GET", path);
    return match.kind === "found" ? [match.route, ...match.values] : undefined;
  };
}

describe("REST path templates", () => {
  it("are taken apart", () => {
    assert.deepEqual(parsePathTemplate("/v1/*/{a.b}/{name=shelves/*/books/**}:read"), {
      source: "/v1/*/{a.b}/{name=shelves/*/books/**}:read",
      segments: ["v1", "*", "*", "shelves", "*", "books", "**"],
      variables: [
        { fieldPath: "a.b", start: 2, end: 3 },
        { fieldPath: "name", start: 3, end: 7 },
      ],
      verb: "read",
    });
  });

  it("are refused, with the reason, if they are none", () => {
    const faults: [template: string, problem: string][] = [
      ["v1", "must start with /"],
      ["/", '"" is no segment'],
      ["/a//b", '"" is no segment'],
      ["/a/", '"" is no segment'],
      ["/a/{b", '"{b" is no segment'],
      ["/a/{}", '"" is no field path'],
      ["/a/{b.}", '"b." is no field path'],
      ["/a/{b}c", '"{b}c" is no segment'],
      ["/a/{b}/{b}", "{b} occurs twice"],
      ["/a/{b=}", '"" is no segment'],
      ["/a/{b=c=d}", '"c=d" is no segment'],
      ["/a/{b={c}}", '"{c}" is no segment'],
      ["/a/**/b", "** must be the last segment"],
      ["/a/{b=**}/c", "** must be the last segment"],
      ["/a/***", '"***" is no segment'],
      ["/a:", '"" is no verb'],
      ["/a?b", '"a?b" is no segment'],
    ];
    for (const [template, problem] of faults) {
      const message = `path template "${template}": ${problem}`;
      assert.throws(() => parsePathTemplate(template), { message }, template);
    }
  });
});

describe("REST routes", () => {
  it("prefer literals to variables, and variables to what has no end", () => {
    const match = routerOf("/a/b", "/a/{x}", "/a/{x=**}", "/{x=**}");
    assert.deepEqual(match("/a/b"), ["/a/b"]);
    assert.deepEqual(match("/a/c"), ["/a/{x}", "c"]);
    assert.deepEqual(match("/a/b/c"), ["/a/{x=**}", "b/c"]);
    assert.deepEqual(match("/a"), ["/a/{x=**}", ""]);
    assert.deepEqual(match("/b"), ["/{x=**}", "b"]);
    assert.deepEqual(match("/"), ["/{x=**}", ""]);
  });

  it("with a verb are found by it alone", () => {
    const match = routerOf("/a/{x}", "/a/{x}:go", "/a:go", "/b/{x=**}:go");
    assert.deepEqual(match("/a/1:go"), ["/a/{x}:go", "1"]);
    assert.deepEqual(match("/a/1:2:go"), ["/a/{x}:go", "1:2"]);
    assert.deepEqual(match("/a/1:stop"), ["/a/{x}", "1:stop"]);
    assert.deepEqual(match("/a/1%3Ago"), ["/a/{x}", "1:go"]);
    assert.deepEqual(match("/a:go"), ["/a:go"]);
    assert.deepEqual(match("/b/1:go/2:go"), ["/b/{x=**}:go", "1:go/2"]);
    assert.equal(match("/b/1"), undefined);
  });

  it("find no empty segment, no wrong case, no broken escape", () => {
    const match = routerOf("/a/{x}", "/a/{x}/c/{y}", "/a/{x=b/*}");
    for (const path of ["/a/", "/A/1", "/a/%", "/a/%ff", "/a/1/c/", "/a//c/1", "/a/b/", "//a/1", "a/1", "*", ""]) {
      assert.equal(match(path), undefined, path);
    }
    assert.deepEqual(match("/a/b/2"), ["/a/{x=b/*}", "b/2"]);
  });

  it("refuse a second route for the same paths, and what is no method", () => {
    const router = createRouter<string>();
    router.add("GET", parsePathTemplate("/a/{x}"), "first");
    router.add("PUT", parsePathTemplate("/a/{x}"), "other method");
    assert.throws(() => router.add("GET", parsePathTemplate("/a/{y}"), "second"), /already declared/);
    assert.throws(() => router.add("FETCH", parsePathTemplate("/b"), "no"), /'FETCH' is not an http method/);
    assert.deepEqual(router.match("POST", "/a/1"), { kind: "methodNotAllowed", allow: ["GET", "PUT", "HEAD"] });
  });

  it("give back any text that was put into a path", () => {
    const match = routerOf("/v1/{a}/x/{b=y/*/*}:verb", "/v1/{a}/x/{b=y/*/*}", "/w/{a}/{b=**}");
    const random = seeded(42);
    for (let i = 0; i < 3000; i++) {
      const [a, b, c] = [randomText(random), randomText(random), randomText(random)];
      const [ea, eb, ec] = [a, b, c].map(encodeURIComponent);
      const verb = random() < 0.5 ? ":verb" : "";
      const path = `/v1/${ea}/x/y/${eb}/${ec}${verb}`;
      assert.deepEqual(match(path), [`/v1/{a}/x/{b=y/*/*}${verb}`, a, `y/${b}/${c}`], path);
      assert.deepEqual(match(`/w/${ea}/${eb}/${ec}`), ["/w/{a}/{b=**}", a, `${b}/${c}`]);
    }
  });

  it("find every path that is made from a template, and take it apart again", () => {
    const random = seeded(7);
    for (let i = 0; i < 2000; i++) {
      const { template, path, values } = randomRoute(random);
      const match = routerOf(template)(path);
      assert.deepEqual(match, [template, ...values], `${template} ${path}`);
      const isEndless = template.endsWith("**}");
      assert.equal(routerOf(template)(`${path}/more`) !== undefined, isEndless, template);
    }
  });
});

function randomRoute(random: Random) {
  const count = 1 + Math.floor(random() * 5);
  const template: string[] = [];
  const path: string[] = [];
  const values: string[] = [];
  for (let i = 0; i < count; i++) {
    const [a, b] = [randomText(random), randomText(random)];
    const [ea = "", eb = ""] = [a, b].map(encodeURIComponent);
    const kind = Math.floor(random() * (i === count - 1 ? 5 : 4));
    const [part, segment, value] = [
      [`lit${i}`, `lit${i}`, undefined],
      [`{v${i}}`, ea, a],
      ["*", ea, undefined],
      [`{v${i}=p/*}`, `p/${ea}`, `p/${a}`],
      [`{v${i}=**}`, `${ea}/${eb}`, `${a}/${b}`],
    ][kind] as [string, string, string | undefined];
    template.push(part);
    path.push(segment);
    if (value !== undefined) values.push(value);
  }
  const verb = random() < 0.3 ? ":do" : "";
  return { template: `/${template.join("/")}${verb}`, path: `/${path.join("/")}${verb}`, values };
}
