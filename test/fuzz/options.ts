import { parseArgs } from "node:util";
import type { Door } from "./door.ts";
import { connect } from "./doors/connect.ts";
import { grpc } from "./doors/grpc.ts";
import { grpcWeb } from "./doors/grpc-web.ts";
import { health } from "./doors/health.ts";
import { http1 } from "./doors/http1.ts";
import { http2 } from "./doors/http2.ts";
import { reflection } from "./doors/reflection.ts";
import { rest } from "./doors/rest.ts";

const DOORS: readonly Door[] = [http1, http2, grpc, connect, grpcWeb, rest, reflection, health];

export type Options = {
  readonly seed: number;
  readonly doors: readonly Door[];
  /** For all doors together. */
  readonly seconds: number;
  /** The one iteration to repeat, at the only door. */
  readonly iteration: number | undefined;
  /** Scripts under way at a time. */
  readonly parallel: number;
};

/** Throws for what it does not understand. */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seed: { type: "string" },
      door: { type: "string" },
      seconds: { type: "string", default: "60" },
      iteration: { type: "string" },
      parallel: { type: "string", default: "16" },
    },
  });
  const doors = DOORS.filter(({ name }) => values.door === undefined || name === values.door);
  if (doors.length === 0) throw new Error(`--door must be one of ${DOORS.map(({ name }) => name).join(", ")}`);
  const iteration = values.iteration === undefined ? undefined : whole("--iteration", values.iteration, 0);
  if (iteration !== undefined && (doors.length > 1 || values.seed === undefined)) {
    throw new Error("--iteration needs --seed and --door");
  }
  return {
    seed: values.seed === undefined ? Math.floor(Math.random() * 2 ** 31) : whole("--seed", values.seed, 0),
    doors,
    seconds: whole("--seconds", values.seconds, 1),
    iteration,
    parallel: whole("--parallel", values.parallel, 1),
  };
}

function whole(name: string, text: string, min: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < min || value >= 2 ** 31)
    throw new Error(`${name} must be a whole number from ${min} on`);
  return value;
}
