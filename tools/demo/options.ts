import { parseArgs } from "node:util";
import { BREAKAGES } from "./breakages.ts";

/** Reads the arguments of the demo. Throws an error that names the one that is wrong. */
export function demoOptions(args: readonly string[]) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      seconds: { type: "string", default: "6" },
      rate: { type: "string", default: "20" },
      only: { type: "string" },
      leave: { type: "boolean", default: false },
    },
  });
  const names = BREAKAGES.map(({ name }) => name);
  if (values.only !== undefined && !names.includes(values.only))
    throw new Error(`--only must be one of ${names.join(", ")}`);
  return {
    seconds: numberFrom("--seconds", values.seconds, 600),
    rate: numberFrom("--rate", values.rate, 1000),
    only: values.only,
    leave: values.leave,
  };
}

function numberFrom(name: string, text: string, max: number): number {
  const value = /^\d+$/.test(text) ? Number(text) : 0;
  if (value < 1 || value > max) throw new Error(`${name} must be a whole number from 1 to ${max}`);
  return value;
}
