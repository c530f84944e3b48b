// Sends all that it can think of to each door of the shop's roles, and looks whether they survive it and how they answer.
//
//   node test/fuzz/run.ts                                        a minute, with a new seed
//   node test/fuzz/run.ts --seconds 600 --door http2 --seed 123  one door, the same requests as the last time
//   node test/fuzz/run.ts --door http2 --seed 123 --iteration 7  one request
//
// Ends with 1 if it found something: a process that ended or wrote an error, an answer that says the server is at fault, a good request that
// was not answered well, too much memory, or a drain that failed. What was sent last is then in .cache/fuzz.
import { Fuzzer } from "./fuzzer.ts";
import { readOptions } from "./options.ts";
import { startFuzzedShop } from "./shop.ts";

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  const { seed, seconds, doors } = options;
  const door = doors.length === 1 ? ` --door ${doors[0]!.name}` : "";
  console.log(`Seed ${seed}; the same again: make fuzz ARGS="--seed ${seed} --seconds ${seconds}${door}"`);
  const shop = await startFuzzedShop();
  const fuzzer = new Fuzzer(options, shop);
  let peaks: Readonly<Record<string, number>> = {};
  try {
    await fuzzer.all();
    ({ peaks } = await shop.measure());
  } finally {
    await fuzzer.stop();
  }
  await fuzzer.narrow();
  console.log(fuzzer.report.join("\n"));
  const memory = Object.entries(peaks).map(([role, mib]) => `${role} ${mib}`);
  console.log(`Memory at most, in MiB: ${memory.join(", ")}`);
  console.log(`Good requests took at most ${fuzzer.slowestMs} ms.`);
  const { findings } = fuzzer;
  console.log(findings.length === 0 ? "Nothing found." : `${findings.length} findings:\n\n${findings.join("\n\n")}`);
  process.exitCode = findings.length === 0 ? 0 : 1;
}

await main();
