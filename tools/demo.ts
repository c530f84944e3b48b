// Shows what becomes of requests when something breaks: `make demo`. It takes the shop that runs, or starts one, sends it orders that are good,
// declined and refused, and then breaks one thing after the other while they go on.
//
//   --seconds N    how long each part takes. Default: 6
//   --rate N       requests a second. Default: 20
//   --only NAME    breaks only this: slow-payments, failing-users or hanging-payments
//   --leave        ends a shop that was started for the demo, instead of letting it run until Ctrl-C
import { resolve } from "node:path";
import { styleText } from "node:util";
import { BREAKAGES, type Breakage, switchOn } from "./demo/breakages.ts";
import { isSettled, runLoad, settle } from "./demo/load.ts";
import { demoOptions } from "./demo/options.ts";
import { progressBar } from "./demo/progress.ts";
import type { Answer } from "./demo/requests.ts";
import { type DemoShop, demoShop } from "./demo/shop.ts";
import { slowest, summaryRows } from "./demo/summary.ts";
import { type Style, table } from "./run-all/printer.ts";
import { readSettings } from "./run-all/settings.ts";

/** Longer than an order takes that was left alone. */
const SETTLED_WITHIN_MS = 30_000;

const out = process.stdout;
const style = (name: Style, text: string) => styleText(name, text, { stream: out });
const say = (line = "") => void out.write(`${line}\n`);
const bar = progressBar(out);

async function main(): Promise<void> {
  const options = demoOptions(process.argv.slice(2));
  const root = resolve(import.meta.dirname, "..");
  const settings = readSettings(process.env, root);
  if (settings.tls) throw new Error("the demo speaks plaintext: leave TLS=1 out");
  const shop = await demoShop(settings, root);
  try {
    await show(shop, options);
    if (shop.log === undefined || options.leave) return;
    say(`The shop runs on; its log is in ${shop.log}. ${style("bold", "Stop:")} Ctrl-C`);
    await new Promise<void>((stop) => process.once("SIGINT", stop).once("SIGTERM", stop));
  } finally {
    await shop.stop();
  }
}

async function show(shop: DemoShop, { seconds, rate, only }: ReturnType<typeof demoOptions>): Promise<void> {
  const load = async (title: string) => {
    say(style("bold", title));
    const answers = await runLoad({
      gateway: shop.url("gateway"),
      seconds,
      rate,
      onProgress: (sent, { length }, total) => bar.show(length, total, `${sent} sent, ${length} answered, of ${total}`),
    });
    bar.end();
    for (const line of table(summaryRows(answers), style)) say(line);
    return answers;
  };

  say(`${rate} requests a second for ${seconds} s: orders that are good, declined and refused, and reads`);
  await load("All is well");
  for (const breakage of BREAKAGES.filter(({ name }) => only === undefined || name === only)) {
    say();
    const mend = await switchOn(shop.url(breakage.role), breakage);
    const answers = await load(breakage.tells).finally(mend);
    tellWhatToSee(breakage, answers, shop);
    await settleAll(answers, shop);
  }
  say();
  say(style("bold", "Look around"));
  say(`  who calls whom          ${page(shop, "tab=service-map")}`);
  say(`  what failed             ${page(shop, "status=error")}`);
  say(`  what took longest       ${page(shop, "sort=duration%3Adesc")}`);
  say(`  how often, how long     ${page(shop, "tab=metrics")}`);
}

function tellWhatToSee({ see }: Breakage, answers: readonly Answer[], shop: DemoShop): void {
  say(`  ${see}`);
  const failed = answers.find((answer) => !isSettled(answer) && answer.traceId !== undefined);
  const late = slowest(answers.filter(({ traceId }) => traceId !== undefined));
  if (late) say(`  slowest   ${page(shop, `trace=${late.traceId}`)}`);
  if (failed) say(`  failed    ${page(shop, `trace=${failed.traceId}`)}`);
}

/** Shows that no order is lost: those of which only the answer is missing are asked for again by their keys. */
async function settleAll(answers: readonly Answer[], shop: DemoShop): Promise<void> {
  const open = answers.filter((answer) => answer.key !== undefined && !isSettled(answer));
  if (open.length === 0) return;
  const begun = performance.now();
  const settled = await settle(shop.url("gateway"), open, SETTLED_WITHIN_MS);
  const after = ((performance.now() - begun) / 1000).toFixed(1);
  if (settled.length < open.length)
    throw new Error(`${open.length - settled.length} orders are not settled after ${after} s`);
  say(
    `  mended: all ${open.length} orders without an answer were asked for again by their Idempotency-Key, and settled in ${after} s`,
  );
}

const page = (shop: DemoShop, hash: string) => `${shop.url("dashboard").replace("127.0.0.1", "localhost")}/#${hash}`;

await main().catch((error) => {
  bar.end();
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
