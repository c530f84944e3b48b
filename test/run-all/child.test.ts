import assert from "node:assert/strict";
import { type Child, startChild } from "../../tools/run-all/child.ts";

describe("a child of run-all", () => {
  it("that does not stop in time is killed, and that is told", async () => {
    const { child, line } = start("process.on('SIGTERM', () => {}); console.log('up'); setInterval(() => {}, 1000);");
    await line("up");
    assert.deepEqual(await child.stop(100), { clean: false, how: "did not stop within 0.1 s and was killed" });
    assert.deepEqual(await child.exited, { code: null, signal: "SIGKILL" });
  });

  it("that stops with a fault is told from one that stops well", async () => {
    const onSignal = (code: number) =>
      `process.on('SIGTERM', () => process.exit(${code})); console.log('up'); setInterval(() => {}, 1000);`;
    const [bad, good] = [start(onSignal(3)), start(onSignal(0))];
    await Promise.all([bad.line("up"), good.line("up")]);
    assert.deepEqual(await bad.child.stop(10_000), { clean: false, how: "ended with exit code 3" });
    const { clean, how } = await good.child.stop(10_000);
    assert.equal(clean, true);
    assert.match(how, /^stopped in \d+\.\d s$/);
  });

  it("leaves its last 15 lines, of standard output and error alike", async () => {
    const { child } = start("for (let i = 0; i < 20; i++) console.error('line ' + i);");
    assert.deepEqual(await child.exited, { code: 0, signal: null });
    assert.deepEqual(
      child.lastLines(),
      Array.from({ length: 15 }, (_, i) => `line ${i + 5}`),
    );
  });
});

function start(script: string): { child: Child; line(text: string): Promise<void> } {
  const { promise, resolve } = Promise.withResolvers<void>();
  let wanted: string | undefined;
  const lines: string[] = [];
  const onLine = async (text: string) => {
    lines.push(text);
    if (text === wanted) resolve();
  };
  const child = startChild({ name: "script", args: ["--eval", script], env: process.env, cwd: process.cwd(), onLine });
  return {
    child,
    line: (text) => {
      wanted = text;
      if (lines.includes(text)) resolve();
      return promise;
    },
  };
}
