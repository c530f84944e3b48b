import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { eventually } from "../../support/eventually.ts";
import { apply, get, pods, readyPod } from "../support/kube.ts";
import { controlLog, kubectl, logFile, namespaceOf, REPOSITORY } from "../support/lab.ts";

const NAMESPACE = "kubelet";
const TIMEOUT = { timeoutMs: 30_000 };

type ContainerStatus = {
  ready: boolean;
  restartCount: number;
  state: { running?: object; terminated?: { reason: string; exitCode: number } };
  lastState: { terminated?: { reason: string; exitCode: number } };
};

async function statusOf(pod: string): Promise<ContainerStatus> {
  const { status } = await get<{ status: { containerStatuses: ContainerStatus[] } }>(["pod", pod, "-n", NAMESPACE]);
  return status.containerStatuses[0]!;
}

async function podNamed(name: string) {
  const found = (await pods("", NAMESPACE)).find((pod) => pod.name === name);
  assert.ok(found, `there is no Pod ${name}`);
  return found;
}

describe("the lab's kubelet carries out what manifests say", () => {
  before(async () => {
    await apply(readFileSync(join(REPOSITORY, "test/mesh/kustomize/kubelet.yaml"), "utf8"));
  });

  after(async () => {
    await kubectl(["delete", "namespace", NAMESPACE, "--wait=false"]);
  });

  it("kills a container at its memory limit and starts it again", async () => {
    await eventually(async () => {
      const { restartCount, state, lastState } = await statusOf("greedy");
      const end = state.terminated ?? lastState.terminated;
      assert.deepEqual([restartCount >= 1, end?.reason, end?.exitCode], [true, "OOMKilled", 137]);
    }, TIMEOUT);
  });

  it("restarts a container whose gRPC liveness probe gets no answer", async () => {
    await eventually(async () => assert.equal((await statusOf("frozen")).ready, true), TIMEOUT);
    const pod = await podNamed("frozen");
    const pids = execFileSync("ip", ["netns", "pids", namespaceOf(pod.ip)], { encoding: "utf8" })
      .trim()
      .split("\n");
    for (const pid of pids) process.kill(Number(pid), "SIGSTOP");
    await eventually(async () => {
      const { restartCount, ready, lastState } = await statusOf("frozen");
      assert.deepEqual([restartCount, ready, lastState.terminated?.exitCode], [1, true, 137]);
    }, TIMEOUT);
  });

  it("keeps a Pod unready whose service is not SERVING", async () => {
    // It is the same program as in the Pod before, and that has been ready twice by now.
    const { state, ready, restartCount } = await statusOf("unready");
    assert.deepEqual([Object.keys(state), ready, restartCount], [["running"], false, 0]);
  });

  it("gives a container its variables, files, user and a root that is not to be written to", async () => {
    const pod = await podNamed("observer");
    await eventually(() => {
      const lines = readFileSync(logFile(NAMESPACE, pod.name, "app"), "utf8")
        .trim()
        .split("\n");
      assert.deepEqual(lines, [`observer ${pod.ip} 32 12345 app="observer"`, "scratch is writable"]);
    }, TIMEOUT);
  });

  it("runs the hook, waits the grace, then kills", async () => {
    await readyPod("app=observer", NAMESPACE);
    const begun = performance.now();
    await kubectl(["delete", "pod", "observer", "-n", NAMESPACE]);
    const ms = performance.now() - begun;
    assert.ok(ms > 3500 && ms < 8000, `${ms} ms`);
    assert.match(readFileSync(logFile(NAMESPACE, "observer", "app"), "utf8"), /the hook has run/);
    assert.match(readFileSync(controlLog("kubelet"), "utf8"), /kubelet\/observer .*: app outlived its grace/);
  });
});
