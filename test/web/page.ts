// A page of the shop in a browser, which notes what a user would not see.
import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import axe from "axe-core";
import type { Browser, Page } from "playwright-core";
import { type Look, newPage, startBrowser } from "../screens/browser.ts";
import { type RunAllShop, startRunAllShop } from "../support/run-all.ts";

export type ShopPage = {
  readonly page: Page;
  /** Throws if the page had an error, broke its policy, or moved what nobody asked to move. */
  check(): Promise<void>;
};

const SCREENS = resolve(process.env.SCREENS ?? ".cache/screens");
const VIOLATION = /content.security.policy|trusted ?type/i;
/** Sums up the layout shifts without input. */
const WATCH_SHIFTS = `
  globalThis.shifted = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) if (!entry.hadRecentInput) globalThis.shifted += entry.value;
  }).observe({ type: "layout-shift", buffered: true });`;
/** Less than what anybody sees; web.dev calls 0.1 good. */
const MAX_SHIFT = 0.005;

export async function openPage(browser: Browser, url: string, look: Look = {}): Promise<ShopPage> {
  const { page, errors } = await newPage(browser, look);
  page.on("console", (message) => {
    if (VIOLATION.test(message.text())) errors.push(message.text());
  });
  await page.addInitScript(WATCH_SHIFTS);
  await page.goto(url);
  return {
    page,
    async check() {
      assert.deepEqual(errors, []);
      const shifted = Number(await page.evaluate("globalThis.shifted"));
      assert.ok(shifted <= MAX_SHIFT, `the layout moved by ${shifted}`);
    },
  };
}

/** What the suites of both pages stand on: a browser, and a shop with its dashboard. */
export type RunAllPages = AsyncDisposable & { readonly browser: Browser; readonly shop: RunAllShop };

/** Starts them. Where there is no Chromium yet, fetching it takes minutes. */
export async function startPages(): Promise<RunAllPages> {
  await using cleanup = new AsyncDisposableStack();
  const browser = await startBrowser();
  cleanup.defer(() => browser.close());
  const shop = await startRunAllShop();
  cleanup.defer(() => shop.close());
  await mkdir(SCREENS, { recursive: true });
  const held = cleanup.move();
  return { browser, shop, [Symbol.asyncDispose]: () => held.disposeAsync() };
}

/** Where the picture of this name is kept. */
export const pictureOf = (name: string): string => join(SCREENS, `${name}.png`);

/** What makes a page hard to use for those who do not see it, or see it badly; nothing, if all is well. */
export async function barriers(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const { violations } = (await page.evaluate("axe.run()")) as axe.AxeResults;
  return violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => `${id}: ${target.join(" ")}`));
}
