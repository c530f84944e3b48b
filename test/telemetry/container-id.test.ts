import assert from "node:assert/strict";
import { containerId } from "../../src/telemetry/container-id.ts";

const ID = "4a7c".repeat(16);

/** Lines of the kernel's files in containers of some runtimes, and what is none. */
const LINES: readonly (readonly [kind: string, line: string, id: string | undefined])[] = [
  ["Docker with cgroup v2", `612 584 254:1 /docker/containers/${ID}/hostname /etc/hostname rw,relatime - ext4`, ID],
  ["Docker with cgroup v1", `11:devices:/docker/${ID}`, ID],
  ["containerd of Kubernetes", `0::/kubepods.slice/kubepods-pod1a.slice/cri-containerd-${ID}.scope`, ID],
  ["Kubernetes with cgroup v1", `1:name=systemd:/kubepods/burstable/pod5f/${ID}`, ID],
  [
    "containerd's sandbox",
    `3 2 0:5 /var/lib/containerd/io.containerd.grpc.v1.cri/sandboxes/${ID}/resolv.conf /etc/resolv.conf`,
    ID,
  ],
  ["Podman", `5 4 0:25 /containers/storage/overlay-containers/${ID}/userdata/hosts /etc/hosts rw`, ID],
  ["no container", "0::/user.slice/user-1000.slice/session-2.scope", undefined],
  ["the digest of a file", `9 8 0:3 / /srv/blobs/sha256/${ID} rw`, undefined],
];

describe("the id of the container", () => {
  for (const [kind, line, id] of LINES) {
    it(`is found in what the kernel tells: ${kind}`, () => {
      assert.equal(
        containerId((file) => (file.endsWith("cgroup") ? line : "1 0 0:1 / / rw")),
        id,
      );
      assert.equal(
        containerId((file) => (file.endsWith("cgroup") ? "0::/" : line)),
        id,
      );
    });
  }

  it("is unknown where the kernel tells nothing", () => {
    const missing = () => {
      throw new Error("ENOENT");
    };
    assert.equal(containerId(missing), undefined);
  });
});
