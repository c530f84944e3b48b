import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { build, pods } from "../support/kube.ts";
import { controlLog, istioctl, kubectl, REPOSITORY, setting, tryKubectl } from "../support/lab.ts";

const OVERLAYS = ["k8s/overlays", "istio/overlays"].flatMap((folder) =>
  readdirSync(`${REPOSITORY}/${folder}`).map((name) => `${folder}/${name}`),
);

/** What istioctl finds that is as it should be. */
const KNOWN = [
  // istiod copies the Gateway's annotation to what it makes for it.
  "IST0107=* shop/edge-istio*",
  // One port of the gateway role speaks HTTP/1.1 and HTTP/2; the Service has a name for each.
  "IST0137=Deployment shop/api-gateway",
  // That they are EnvoyFilters: for what Istio has no field for, as their comments say.
  "IST0133=EnvoyFilter shop/edge-limits",
  "IST0133=EnvoyFilter shop/edge-context",
];

/** Where manifests are tried that must not meet the shop that runs: some fields can never be changed. */
const ELSEWHERE = "-on-trial";

/** The objects, in namespaces of their own. */
function elsewhere(yaml: string): string {
  return yaml
    .replace(/^( *)namespace: (shop|observability)$/gm, `$1namespace: $2${ELSEWHERE}`)
    .replace(/^(kind: Namespace\n(?:.*\n)*? {2}name: )(shop|observability)$/gm, `$1$2${ELSEWHERE}`);
}

describe("the manifests", () => {
  const namespaces = ["shop", "observability"].map((name) => name + ELSEWHERE);

  before(async () => {
    for (const name of namespaces) await kubectl(["create", "namespace", name]);
  });

  after(async () => {
    await kubectl(["delete", "namespace", "--wait=false", ...namespaces]);
  });

  for (const overlay of OVERLAYS) {
    it(`${overlay} passes schemas, admission and Istio's own validation`, async () => {
      const yaml = elsewhere(await build(overlay));
      const args = [
        "apply",
        "--dry-run=server",
        "--server-side",
        "--force-conflicts",
        "--field-manager=check",
        "-f",
        "-",
      ];
      const { code, stderr } = await tryKubectl(args, yaml);
      assert.equal(code, 0, stderr);
    });
  }

  it("are what istioctl has nothing to say against, as they run", async () => {
    const suppressed = KNOWN.flatMap((known) => ["--suppress", known]);
    const { code, stdout, stderr } = await istioctl([
      "analyze",
      "-n",
      "shop",
      "--failure-threshold=Warning",
      ...suppressed,
    ]);
    assert.equal(code, 0, stdout + stderr);
    assert.match(stdout + stderr, /No validation issues found/);
  });

  it("are ones that a broken one would stand out from", async () => {
    const broken = `
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: broken, namespace: shop}
spec:
  hosts: [user-service.shop.svc.cluster.local]
  http:
    - route: [{destination: {host: user-service.shop.svc.cluster.local}}]
      fault: {abort: {grpcStatus: NO_SUCH_STATUS, percentage: {value: 50}}}
`;
    const { code, stderr } = await tryKubectl(["apply", "--dry-run=server", "-f", "-"], broken);
    assert.notEqual(code, 0);
    assert.match(stderr, /validation\.istio\.io.*denied/s);
  });

  it("reach every Envoy, and none refuses any", async () => {
    const all = (await Promise.all(["shop", "other-team"].map((namespace) => pods("", namespace)))).flat();
    const { stdout } = await istioctl(["proxy-status", "--xds-address", `${setting("MESH_HOST_IP")}:15012`]);
    const proxies = stdout.split("\n").flatMap((line) => /^(\S+)\.(?:shop|other-team) /.exec(line)?.[1] ?? []);
    assert.deepEqual(proxies.sort(), all.map(({ name }) => name).sort());
    const refusals = readFileSync(controlLog("istiod"), "utf8")
      .split("\n")
      .filter((line) => line.includes("ACK ERROR"));
    assert.deepEqual(refusals, []);
  });
});
