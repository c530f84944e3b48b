import assert from "node:assert/strict";
import { arch, hostname, release } from "node:os";
import { containerIdOf } from "../../src/telemetry/machine.ts";
import { makeSpans, record } from "./support/recording.ts";

const ID = "0123456789abcdef".repeat(4);
const OTHER = "fedcba9876543210".repeat(4);

const MOUNTS = "612 593 254:1 / / rw - overlay overlay rw,lowerdir=/var/lib/docker/overlay2/l/X";
const mountOf = (path: string) => `${MOUNTS}\n631 612 254:1 ${path} /etc/hostname rw,relatime - ext4 /dev/vda1 rw`;

describe("the resource of telemetry, as it is found out", () => {
  const recorded = async (...options: Parameters<typeof record> extends [unknown, ...infer Rest] ? Rest : never) => {
    const { spans } = await record(async () => makeSpans(1), ...options);
    return spans[0]!.resource;
  };

  it("names host, system, process and runtime by the semantic conventions", async () => {
    const resource = await recorded();
    assert.equal(resource["host.name"], hostname());
    assert.equal(resource["host.arch"], { x64: "amd64", arm64: "arm64" }[arch() as string]);
    assert.equal(resource["os.type"], process.platform);
    assert.equal(resource["os.version"], release());
    assert.equal(resource["process.pid"], process.pid);
    assert.equal(resource["process.executable.name"], "node");
    assert.equal(resource["process.runtime.name"], "nodejs");
    assert.equal(resource["process.runtime.version"], process.versions.node);
    assert.equal(resource["telemetry.sdk.name"], "opentelemetry");
  });

  it("tells neither command line nor user nor folders, and no deprecated name", async () => {
    const names = Object.keys(await recorded());
    assert.deepEqual(
      names.filter((name) => /command|owner|path|^deployment\.environment$/.test(name)),
      [],
    );
  });

  it("has the namespace of the service, which the environment overrides", async () => {
    const options = { serviceNamespace: "shop" };
    assert.equal((await recorded(options))["service.namespace"], "shop");
    const env = { OTEL_RESOURCE_ATTRIBUTES: "service.namespace=mine,host.name=box" };
    const { "service.namespace": namespace, "host.name": host } = await recorded(options, env);
    assert.deepEqual([namespace, host], ["mine", "box"]);
    assert.equal((await recorded())["service.namespace"], undefined);
  });
});

describe("the id of a container", () => {
  const cases: [engine: string, cgroup: string, mounts: string, id: string | undefined][] = [
    ["no container", "0::/user.slice/user-1000.slice/session-2.scope", MOUNTS, undefined],
    ["Docker, cgroups v1", `12:pids:/docker/${ID}\n0::/`, MOUNTS, ID],
    ["Docker, cgroups v2", "0::/", mountOf(`/var/lib/docker/containers/${ID}/hostname`), ID],
    ["Docker, cgroups v2 of the host", `0::/system.slice/docker-${ID}.scope`, MOUNTS, ID],
    ["Podman, cgroups v2", "0::/", mountOf(`/containers/storage/overlay-containers/${ID}/userdata/hostname`), ID],
    ["containerd in Kubernetes, cgroups v1", `1:cpu:/kubepods/burstable/pod1-2-3/${ID}`, MOUNTS, ID],
    [
      "containerd in Kubernetes, cgroups v2 of the host",
      `0::/kubepods.slice/kubepods-pod1_2.slice/cri-containerd-${ID}.scope`,
      MOUNTS,
      ID,
    ],
    [
      "containerd in Kubernetes, which names the Pod's sandbox only",
      "0::/",
      mountOf(`/var/lib/containerd/io.containerd.grpc.v1.cri/sandboxes/${OTHER}/hostname`),
      undefined,
    ],
    ["no Linux", "", "", undefined],
  ];
  for (const [engine, cgroup, mounts, id] of cases) {
    it(`is found: ${engine}`, () => assert.equal(containerIdOf(cgroup, mounts), id));
  }
});
