// The image as a cluster runs it: read-only root, no capabilities, an unprivileged user, 128 MiB. Needs root, and podman, runc of Debian.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@connectrpc/connect";
import { UserService } from "../../gen/shop/user/v1/user_service_pb.js";
import { createGrpcTransport } from "../../src/rpc/client/transport.ts";
import { ROLES, type Role } from "../../src/settings.ts";
import { requireDebianPackages } from "../../tools/build/debian.ts";
import { buildImage, IMAGE_ARCHIVE } from "../../tools/build/image.ts";
import { type ShopProcesses, startShopProcesses } from "../build/support/shop-processes.ts";
import type { Command } from "../support/role-process.ts";

const NONROOT = 65_532;
const MEMORY_MIB = 128;
const ORDERS = 200;

describe("the image", function () {
  this.timeout(240_000);
  const folder = mkdtempSync(join(tmpdir(), "tracemesh-image-test-"));
  const data = join(folder, "data");
  // cgroupfs and runc: the defaults want a systemd, or a kernel with only the second version of control groups.
  const storage = ["--root", join(folder, "root"), "--runroot", join(folder, "run"), "--storage-driver", "vfs"];
  const engine = ["--runtime", "runc", "--cgroup-manager", "cgroupfs", ...storage];
  const podman = (...args: string[]) => execFileSync("podman", [...engine, ...args], { encoding: "utf8" }).trim();
  let shop: ShopProcesses;
  let image: string;

  const commandOf = (role: Role): Command => {
    const limits = ["--memory", `${MEMORY_MIB}m`, "--memory-swap", `${MEMORY_MIB}m`];
    const ulimits = ["--ulimit", "nofile=1024:1024", "--ulimit", "nproc=1024:1024"];
    const rights = [
      "--read-only",
      "--read-only-tmpfs=false",
      "--cap-drop",
      "all",
      "--security-opt",
      "no-new-privileges",
    ];
    const place = ["--network", "host", "--volume", `${data}:${data}`, "--env-host", "--env", "HOST=127.0.0.1"];
    const what = ["--name", role, `localhost/${image}`];
    return ["podman", ...engine, "run", "--rm", ...limits, ...ulimits, ...rights, ...place, ...what];
  };

  before(async () => {
    requireDebianPackages({ podman: "podman", runc: "runc" });
    image = await buildImage();
    podman("load", "--quiet", "--input", IMAGE_ARCHIVE);
    mkdirSync(data);
    chownSync(data, NONROOT, NONROOT);
    shop = await startShopProcesses(commandOf, folder);
  });

  after(async () => {
    await shop?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** A line of /proc/<pid>/status of a role's process, as the host sees it. */
  function statusOf(role: Role, field: string): string {
    const pid = podman("inspect", "--format", "{{.State.Pid}}", role);
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    return new RegExp(`^${field}:\\s+(.*)$`, "m").exec(status)?.[1] ?? "";
  }

  /** The limit that the kernel holds a role's process to, by either version of control groups. */
  function memoryLimitOf(role: Role): number {
    const pid = podman("inspect", "--format", "{{.State.Pid}}", role);
    const groups = readFileSync(`/proc/${pid}/cgroup`, "utf8");
    const path = /^\d+:(?:[\w,]*,)?memory(?:,[\w,]*)?:(.*)$/m.exec(groups)?.[1];
    if (path !== undefined) return Number(readFileSync(`/sys/fs/cgroup/memory${path}/memory.limit_in_bytes`, "utf8"));
    return Number(readFileSync(`/sys/fs/cgroup${/^0::(.*)$/m.exec(groups)?.[1]}/memory.max`, "utf8"));
  }

  it("runs every role as an unprivileged user without capabilities, who can write nothing", () => {
    for (const role of ROLES) {
      assert.deepEqual(statusOf(role, "Uid").split(/\s+/), Array(4).fill(String(NONROOT)));
      assert.match(statusOf(role, "CapEff"), /^0+$/);
      assert.equal(memoryLimitOf(role), MEMORY_MIB * 2 ** 20);
      const pid = podman("inspect", "--format", "{{.State.Pid}}", role);
      assert.match(readFileSync(`/proc/${pid}/mountinfo`, "utf8"), /^\S+ \S+ \S+ \S+ \/ ro[, ]/m);
    }
  });

  it("answers HTTP and gRPC, and takes orders, within its memory", async () => {
    assert.equal(await (await fetch(`${shop.url("gateway")}/health`)).text(), "OK");
    const transport = createGrpcTransport({ target: new URL(shop.url("user")).host });
    const { user } = await createClient(UserService, transport).getUser({ id: 7 });
    transport.close();
    assert.equal(user?.name, "User 7");

    const body = JSON.stringify({ user_id: 123, items: [{ product_id: 1, quantity: 1, price: 1.25 }] });
    const init = { method: "POST", headers: { "content-type": "application/json" }, body };
    for (let i = 0; i < ORDERS; i++) {
      const response = await fetch(`${shop.url("gateway")}/api/orders`, init);
      assert.equal(response.status, 200);
      await response.arrayBuffer();
    }
    for (const role of ROLES) {
      const peakMiB = Number.parseInt(statusOf(role, "VmHWM"), 10) / 1024;
      console.log(
        `      ${role}: at most ${peakMiB.toFixed(0)} MiB resident, of which part is the file it was started from`,
      );
    }
  });

  it("drains and ends with 0 at SIGTERM", async () => {
    assert.deepEqual(await shop.stop(), { gateway: 0, order: 0, payment: 0, user: 0 });
  });
});
