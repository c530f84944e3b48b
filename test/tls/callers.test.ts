// Who may call what over TLS: every RPC of the contract, by every identity and protocol, allowed or refused as the contract says. A new RPC is
// among them by itself.
import assert from "node:assert/strict";
import { once } from "node:events";
import { request } from "node:https";
import type { DescMethod } from "@bufbuild/protobuf";
import { Code, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { FaultService } from "../../gen/mesh/v1/fault_service_pb.js";
import { policyOf } from "../../src/contract.ts";
import { roles } from "../../src/roles.ts";
import { createAuthority, type Issued } from "../../tools/certificates/authority.ts";
import { type RolesShop, startShop } from "../support/shop.ts";
import { accountOf, type ShopCertificates, shopCertificates } from "./certificates.ts";

type Way = (baseUrl: string, nodeOptions: Issued & { ca: string }) => Transport;

const WAYS: Readonly<Record<string, Way>> = {
  gRPC: (baseUrl, nodeOptions) => createGrpcTransport({ baseUrl, nodeOptions }),
  "gRPC-Web": (baseUrl, nodeOptions) => createGrpcWebTransport({ baseUrl, httpVersion: "2", nodeOptions }),
  "gRPC-Web over HTTP/1.1": (baseUrl, nodeOptions) =>
    createGrpcWebTransport({ baseUrl, httpVersion: "1.1", nodeOptions }),
  Connect: (baseUrl, nodeOptions) => createConnectTransport({ baseUrl, httpVersion: "2", nodeOptions }),
  "Connect over HTTP/1.1": (baseUrl, nodeOptions) =>
    createConnectTransport({ baseUrl, httpVersion: "1.1", useBinaryFormat: false, nodeOptions }),
};

/** What becomes of an empty request that is let in. */
const SERVED = new Set([undefined, Code.InvalidArgument, Code.NotFound]);

const WORKLOADS = roles.map(({ services }) => policyOf(services[0]).workload);

/** Each has what it calls itself, and the workload as which it may call. */
type Identity = { readonly issued: Issued; readonly workload: string | undefined };

async function identitiesOf({ authority }: ShopCertificates): Promise<Record<string, Identity>> {
  const stranger = await createAuthority("somebody else");
  const hour = 3_600_000;
  const past = { from: new Date(Date.now() - 2 * hour), until: new Date(Date.now() - hour) };
  const [first = ""] = WORKLOADS;
  const own = WORKLOADS.map(async (name) => {
    const issued = await authority.issue({ name, uris: [accountOf(name)] });
    return [name, { issued, workload: name }] as const;
  });
  const byDns = WORKLOADS.map(async (name) => {
    const issued = await authority.issue({ name: "x", dns: [`${name}.shop.svc.cluster.local`] });
    return [`${name} by its DNS name`, { issued, workload: name }] as const;
  });
  const others = {
    "a stranger of the same authority": authority.issue({ name: first, uris: [accountOf("stranger")] }),
    "a stranger whose name begins alike": authority.issue({ name: first, dns: [`${first}.example.com`] }),
    "one with a name only in its subject": authority.issue({ name: first }),
    "one of another authority": stranger.issue({ name: first, uris: [accountOf(first)] }),
    "one that has expired": authority.issue({ name: first, uris: [accountOf(first)], ...past }),
    nobody: Promise.resolve({ cert: "", key: "" }),
  };
  const strangers = Object.entries(others).map(
    async ([name, issued]) => [name, { issued: await issued, workload: undefined }] as const,
  );
  return Object.fromEntries(await Promise.all([...own, ...byDns, ...strangers]));
}

describe("over TLS", function () {
  this.timeout(60_000);
  let certificates: ShopCertificates;
  let shop: RolesShop;
  let identities: Record<string, Identity>;

  before(async () => {
    certificates = await shopCertificates();
    identities = await identitiesOf(certificates);
    shop = await startShop({ FAULT_SWITCHES: "true" }, { envOf: certificates.envOf, scheme: "https" });
  });
  after(async () => {
    await shop?.close();
    await certificates.remove();
  });

  /** The code of a call with an empty request, whatever the method makes of it. */
  async function codeOf(transport: Transport, method: DescMethod): Promise<Code | undefined> {
    const client = createClient(method.parent, transport) as unknown as Record<string, (request: object) => unknown>;
    try {
      const answer = client[method.localName]!({});
      if (method.methodKind === "unary") await answer;
      else for await (const _ of answer as AsyncIterable<unknown>) break;
      return undefined;
    } catch (error) {
      return ConnectError.from(error).code;
    }
  }

  for (const role of roles) {
    for (const [way, transportTo] of Object.entries(WAYS)) {
      it(`the ${role.name} role is open to the callers of its contract, and to no others, by ${way}`, async () => {
        const wrong: string[] = [];
        for (const [who, { issued, workload }] of Object.entries(identities)) {
          const transport = transportTo(shop.url(role.name), { ...issued, ca: certificates.authority.cert });
          for (const service of role.services) {
            for (const method of service.methods) {
              const path = `/${service.typeName}/${method.name}`;
              const callers = policyOf(service).methods[path]!.callers;
              const isAllowed = callers.includes("edge") || (workload !== undefined && callers.includes(workload));
              const code = await codeOf(transport, method);
              const isRight = isAllowed ? SERVED.has(code) : code === Code.PermissionDenied;
              if (!isRight) wrong.push(`${who} ${path}: ${code === undefined ? "OK" : Code[code]}`);
            }
          }
        }
        assert.deepEqual(wrong, []);
      });
    }
  }

  it("the gateway is open to everybody by REST, whoever they are", async () => {
    const { authority } = certificates;
    for (const [who, { issued }] of Object.entries(identities)) {
      const sent = request(new URL("/api/users/123", shop.url("gateway")), { ca: authority.cert, ...issued });
      sent.end();
      const [response] = await once(sent, "response");
      response.resume();
      assert.equal(response.statusCode, 200, who);
    }
  });

  it("is broken on purpose by its own workloads alone", async () => {
    const codes = Object.entries(identities).map(async ([who, { issued, workload }]) => {
      const nodeOptions = { ...issued, ca: certificates.authority.cert };
      const code = await codeOf(
        createGrpcTransport({ baseUrl: shop.url("user"), nodeOptions }),
        FaultService.method.getFault,
      );
      assert.equal(code, workload === undefined ? Code.PermissionDenied : undefined, who);
    });
    await Promise.all(codes);
  });
});
