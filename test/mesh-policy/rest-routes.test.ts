// The REST paths of a contract find in the mesh the method that they find in the gateway.
import assert from "node:assert/strict";
import { ShopService } from "../../gen/shop/gateway/v1/shop_service_pb.js";
import { httpBindings } from "../../src/rpc/rest/http-rule.ts";
import { parsePathTemplate } from "../../src/rpc/rest/path-template.ts";
import { createRouter } from "../../src/rpc/rest/router.ts";
import { meshOptions } from "../../tools/manifests/mesh-options.ts";
import { allowedPaths, compareTemplates, uriMatch } from "../../tools/protoc-gen-mesh/istio/path-patterns.ts";
import { virtualService } from "../../tools/protoc-gen-mesh/istio/virtual-service.ts";
import { readContract } from "../../tools/protoc-gen-mesh/read-contract.ts";
import type { HttpRoute, VirtualService } from "./support/manifests.ts";
import { shopRequest } from "./support/shop-contract.ts";

const REQUESTS = [
  ["GET", "/api/users/123"],
  ["HEAD", "/api/users/123"],
  ["DELETE", "/api/users/123"],
  ["GET", "/api/users/123/orders"],
  ["GET", "/api/orders"],
  ["POST", "/api/orders"],
  ["OPTIONS", "/api/orders"],
  ["GET", "/api/orders/0198d3c5"],
  ["POST", "/api/orders/0198d3c5"],
  ["POST", "/api/orders/0198d3c5:cancel"],
  ["GET", "/health"],
] as const;

/** The first route of a VirtualService that takes the request, as Envoy chooses. */
function routeFor(routes: readonly HttpRoute[], httpMethod: string, path: string): HttpRoute | undefined {
  return routes.find(
    ({ match }) => match?.some(({ method, uri }) => takes(uri, path) && (!method || takes(method, httpMethod))) ?? true,
  );
}

const takes = ({ exact, regex }: { exact?: string; regex?: string }, text: string): boolean =>
  regex === undefined ? exact === text : new RegExp(`^(?:${regex})$`).test(text);

describe("a REST path in the mesh", () => {
  const gateway = readContract(shopRequest()).workloads.find(({ name }) => name === "api-gateway")!;
  const { spec } = virtualService(gateway, meshOptions()) as VirtualService;
  const router = createRouter<string>();
  for (const { httpMethod, template, method } of httpBindings(ShopService))
    router.add(httpMethod, template, method.name);

  it("is for calls that come through the ingress", () => {
    assert.deepEqual([spec.hosts, spec.gateways], [["*"], ["edge"]]);
  });

  for (const [httpMethod, path] of REQUESTS) {
    it(`has the limits of its method: ${httpMethod} ${path}`, () => {
      const match = router.match(httpMethod, path);
      const route = routeFor(spec.http, httpMethod, path);
      if (match.kind !== "found") return assert.deepEqual([route?.name, route?.retries], ["other", { attempts: 0 }]);
      const rpc = routeFor(spec.http, "POST", `/shop.gateway.v1.ShopService/${match.route}`);
      assert.notEqual(route?.name, "other");
      assert.deepEqual([route?.timeout, route?.retries], [rpc?.timeout, rpc?.retries]);
      assert.equal(rpc?.name, `shop.gateway.v1.ShopService/${match.route}`);
    });
  }

  const PATTERNS: [template: string, uri: object, allowed: string[]][] = [
    ["/a", { exact: "/a" }, ["/a"]],
    ["/a:sum", { exact: "/a:sum" }, ["/a:sum"]],
    ["/v1.0/{id}", { regex: "/v1\\.0/[^/]+" }, ["/v1.0/{*}"]],
    ["/a/{id}:undo", { regex: "/a/[^/]+:undo" }, ["/a/{*}"]],
    ["/a/{id}/b", { regex: "/a/[^/]+/b" }, ["/a/{*}/b"]],
    ["/a/{id}/b:undo", { regex: "/a/[^/]+/b:undo" }, ["/a/{*}/b:undo"]],
    ["/{name=shelves/*}", { regex: "/shelves/[^/]+" }, ["/shelves/{*}"]],
    ["/a/{rest=**}", { regex: "/a(/.*)?" }, ["/a", "/a/{**}"]],
    ["/{rest=**}", { regex: "(/.*)?" }, ["/", "/{**}"]],
  ];
  for (const [template, uri, allowed] of PATTERNS) {
    it(`of ${template} is matched as it is meant`, () => {
      assert.deepEqual(uriMatch(parsePathTemplate(template)), uri);
      assert.deepEqual(allowedPaths(parsePathTemplate(template)), allowed);
    });
  }

  it("that takes fewer requests comes first", () => {
    const ordered = ["/a/{id}:undo", "/a/b", "/a/{id}", "/a/{rest=**}", "/{id}/b"].map(parsePathTemplate);
    assert.deepEqual(ordered.toReversed().sort(compareTemplates), ordered);
  });
});
