// The pages from their source, as `make web` serves them to whoever works at them.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { stripVTControlCharacters } from "node:util";
import type { Browser } from "playwright-core";
import { startBrowser } from "../screens/browser.ts";
import { eventually } from "../support/eventually.ts";
import { startShop } from "../support/shop.ts";
import { openPage } from "./page.ts";

describe("the pages served from their source", function () {
  this.timeout(120_000);
  let browser: Browser;
  before(async function () {
    this.timeout(300_000); // a machine's first Chromium
    browser = await startBrowser();
  });
  after(() => browser.close());

  it("call a gateway that runs, and reach the roles through it", async () => {
    await using cleanup = new AsyncDisposableStack();
    const shop = await startShop({ CONSOLE: "true" });
    cleanup.defer(() => shop.close());
    const env = { ...process.env, GATEWAY_URL: shop.url("gateway") };
    const server = spawn(process.execPath, ["tools/build/web.ts", "--serve"], {
      env,
      stdio: ["ignore", "pipe", "inherit"],
    });
    cleanup.defer(async () => {
      server.kill();
      await once(server, "close");
    });
    let output = "";
    server.stdout.on("data", (text) => (output += text));
    const [url] = await eventually(
      () => {
        const found = /http:\/\/localhost:\d+/.exec(stripVTControlCharacters(output));
        assert.ok(found, output);
        return found;
      },
      { timeoutMs: 30_000 },
    );
    const { page } = await openPage(browser, url!);
    await page.getByText("User 123, user123@example.com").waitFor();
    await page.goto(`${url}/console/#/call/user-service/shop.user.v1.UserService/GetUser`);
    await page.getByLabel("id", { exact: true }).fill("7");
    await page.getByRole("button", { name: "Call", exact: true }).click();
    await page.getByText(/^Connect: OK after /).waitFor();
  });
});
