// The hottest paths, each with everything on that a role has, and how they are called while their work is counted.
import { mkdtempSync, rmSync } from "node:fs";
import { Agent, get, type IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { startRoleProcess } from "../../test/support/role-process.ts";
import { openGrpc } from "../load/grpc-connections.ts";
import { closedLoop } from "../load/loops.ts";
import { type MeasuredProcess, startProcess } from "../measured-process.ts";
import { STREAM_LENGTH, streamWire, unaryWire, type WireCall } from "../probe.ts";
import type { Plant } from "./plant.ts";
import type { SubjectOrder, SubjectReport } from "./subject.ts";
import type { Work } from "./work.ts";

/** Resolves to the work of a call; of a stream, to that of a message. */
export type MeasurePath = (plant: Plant) => Promise<Work>;

/** Calls for a while, and resolves to the number of calls, or of messages of streams. */
type CallFor = (ms: number) => Promise<number>;
type Subject = MeasuredProcess<SubjectOrder, SubjectReport>;

/** Only V8's interpreter runs, because what its compilers spare depends on when they have time. */
const INTERPRETED = ["--no-opt", "--no-maglev", "--no-sparkplug"];
/** Few, so that none waits for its deadline on a busy machine. */
const IN_FLIGHT = 4;
const STEP_MS = 100;
/** Enough that what runs by the clock, such as exports of metrics, is little beside them, even if they take ten times as long. */
const CALLS = 300;
const WINDOWS = 2;

/** In a gRPC server, in its client, and in the gateway that is both. */
export const PATHS: Readonly<Record<string, MeasurePath>> = {
  "server, unary": (plant) => measureServer(plant, unaryWire, 1),
  "server, stream": (plant) => measureServer(plant, streamWire, STREAM_LENGTH),
  "client, unary": measureClient,
  "gateway, REST": measureGateway,
};

async function measureServer(plant: Plant, wire: WireCall, messages: number): Promise<Work> {
  const subject = await start("server", plant);
  const port = subject.ready as number;
  try {
    return await least(subject, async (ms) => {
      const { calls } = await closedLoop((listener) => openGrpc(port, wire, listener), IN_FLIGHT, ms);
      return calls * messages;
    });
  } finally {
    await subject.close();
  }
}

async function measureClient(plant: Plant): Promise<Work> {
  const server = await start("server", {});
  const subject = await start("client", plant, `127.0.0.1:${server.ready}`);
  try {
    return await least(subject, async (ms) => (await subject.send({ forMs: ms, inFlight: IN_FLIGHT })).calls);
  } finally {
    await subject.close();
    await server.close();
  }
}

async function measureGateway(plant: Plant): Promise<Work> {
  const folder = mkdtempSync(join(tmpdir(), "tracemesh-guard-"));
  const user = await startRoleProcess({ ROLE: "user", DATA_DIR: folder }, undefined, () => false);
  const subject = await start("gateway", plant, `http://127.0.0.1:${user.port}`);
  const agent = new Agent({ keepAlive: true, maxSockets: IN_FLIGHT });
  const url = `http://127.0.0.1:${subject.ready}/api/users/7`;
  try {
    return await least(subject, async (ms) => {
      const until = performance.now() + ms;
      let done = 0;
      const loop = async () => {
        for (; performance.now() < until; done++) await getOk(url, agent);
      };
      await Promise.all(Array.from({ length: IN_FLIGHT }, loop));
      return done;
    });
  } finally {
    agent.destroy();
    await subject.close();
    await user.kill("SIGKILL");
    rmSync(folder, { recursive: true });
  }
}

function start(path: string, plant: Plant, address = ""): Promise<Subject> {
  return startProcess(0, "guard/subject.ts", [path, address, JSON.stringify(plant)], {}, INTERPRETED);
}

/** The first calls are left out: they do what is done once. Of the windows the least counts: timers and samples add to some. */
async function least(subject: Subject, callFor: CallFor): Promise<Work> {
  await window(subject, callFor, CALLS / 4);
  const windows: Work[] = [];
  for (let i = 0; i < WINDOWS; i++) windows.push(await window(subject, callFor, CALLS));
  const leastOf = (unit: keyof Work) => Math.min(...windows.map((work) => work[unit]));
  return { code: leastOf("code"), bytes: leastOf("bytes") };
}

async function window(subject: Subject, callFor: CallFor, calls: number): Promise<Work> {
  let done = 0;
  while (done < calls) done += await callFor(STEP_MS);
  const { code, bytes } = await subject.send({ forMs: 0, inFlight: 0 });
  return { code: code / done, bytes: bytes / done };
}

async function getOk(url: string, agent: Agent): Promise<void> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get(url, { agent }, resolve).on("error", reject);
  });
  await buffer(response);
  if (response.statusCode !== 200) throw new Error(`${url} answered ${response.statusCode}`);
}
