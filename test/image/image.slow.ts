// The image as a cluster runs it: read-only root, no capabilities, an unprivileged user, 128 MiB. Needs root, and podman, runc of Debian.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chownSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@connectrpc/connect";
import { UserService } from "../../gen/shop/user/v1/user_service_pb.js";
import { type RoleName, roleNames } from "../../src/roles.ts";
import { createGrpcTransport } from "../../src/rpc/client/transport.ts";
import { buildImage, CONTAINERS_ADVICE, IMAGE_ARCHIVE } from "../../tools/build/image.ts";
import { requireProgram } from "../../tools/programs.ts";
import { placeOrder } from "../support/orders.ts";
import type { Command } from "../support/role-process.ts";
import { type ShopProcesses, startShopProcesses } from "../support/shop-processes.ts";
import { countedMemoryOf, rootModeOf, statusOf } from "./support/kernel.ts";

const NONROOT = 65_532;
const MEMORY_MIB = 128;
const READS = 2000;
const ORDERS = 200;
const IN_PARALLEL = 16;

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

  const commandOf = (role: RoleName): Command => {
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
    for (const name of ["podman", "runc"]) requireProgram(name, name, CONTAINERS_ADVICE);
    image = await buildImage();
    podman("load", "--quiet", "--input", IMAGE_ARCHIVE);
    mkdirSync(data);
    chownSync(data, NONROOT, NONROOT);
    shop = await startShopProcesses({ folder: join(folder, "data"), command: commandOf });
  });

  after(async () => {
    await shop?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const pidOf = (role: RoleName): string => podman("inspect", "--format", "{{.State.Pid}}", role);

  for (const role of roleNames) {
    it(`runs as an unprivileged user without capabilities, who can write nothing (${role})`, () => {
      const pid = pidOf(role);
      for (const ids of ["Uid", "Gid"])
        assert.deepEqual(statusOf(pid, ids).split(/\s+/), Array(4).fill(String(NONROOT)));
      for (const set of ["CapEff", "CapPrm", "CapBnd"]) assert.match(statusOf(pid, set), /^0+$/);
      assert.equal(statusOf(pid, "NoNewPrivs"), "1");
      assert.equal(rootModeOf(pid), "ro");
    });
  }

  it("shows the shop's page", async () => {
    const page = await (await fetch(shop.url("gateway"))).text();
    const [, script = ""] = /<script type="module" crossorigin src="([^"]+)"/.exec(page) ?? [];
    assert.equal(
      (await fetch(shop.url("gateway") + script)).headers.get("content-type"),
      "text/javascript; charset=utf-8",
    );
  });

  it("answers HTTP and gRPC", async () => {
    assert.equal(await (await fetch(`${shop.url("gateway")}/health`)).text(), "OK");
    const transport = createGrpcTransport({ target: new URL(shop.url("user")).host });
    const { user } = await createClient(UserService, transport).getUser({ id: 7 });
    transport.close();
    assert.equal(user?.name, "User 7");
  });

  it(`needs less than ${MEMORY_MIB} MiB under a small load`, async () => {
    const gateway = shop.url("gateway");
    await inParallel(READS, (n) => succeeds(fetch(`${gateway}/api/users/${(n % 1000) + 1}`)));
    await inParallel(ORDERS, () => succeeds(placeOrder(gateway)));
    for (const role of roleNames) {
      const pid = pidOf(role);
      const { limit, peak } = countedMemoryOf(pid);
      const resident = Number.parseInt(statusOf(pid, "VmHWM"), 10) / 1024;
      console.log(
        `      ${role}: at most ${(peak / 2 ** 20).toFixed(0)} MiB counted; ${resident.toFixed(0)} MiB resident, of which part is the file ` +
          "it was started from",
      );
      assert.equal(limit, MEMORY_MIB * 2 ** 20);
      assert.ok(peak < limit);
    }
  });

  it("drains and ends with 0 at SIGTERM", async () => {
    await shop.close();
  });
});

async function succeeds(call: Promise<Response>): Promise<void> {
  const response = await call;
  assert.equal(response.status, 200, await response.text());
}

/** Calls work with 0 to times - 1, some at once. */
async function inParallel(times: number, work: (n: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < times) await work(next++);
  };
  await Promise.all(Array.from({ length: IN_PARALLEL }, worker));
}
