// The shop's page on a network that loses answers: what was asked for is got once, however often it is asked for, and who watches sees the rest.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { openBooks } from "../faults/histories/tables.ts";
import { startBrowser } from "../screens/browser.ts";
import { audit } from "../support/books.ts";
import { eventually } from "../support/eventually.ts";
import { type RolesShop, startShop } from "../support/shop.ts";
import { type StallingProxy, startStallingProxy } from "../support/stalling-proxy.ts";
import { openPage, pictureOf, type ShopPage } from "./page.ts";

/** More than a page needs. */
const RATE_LIMIT = 40;

describe("the shop's page, when answers are lost", function () {
  this.timeout(60_000);
  let cleanup: AsyncDisposableStack;
  let browser: Browser;
  let folder: string;
  let shop: RolesShop;
  let network: StallingProxy;
  let opened: ShopPage;

  before(async function () {
    this.timeout(300_000);
    browser = await startBrowser();
  });
  after(() => browser.close());

  beforeEach(async () => {
    cleanup = new AsyncDisposableStack();
    folder = await mkdtemp(join(tmpdir(), "tracemesh-page-"));
    cleanup.defer(() => rm(folder, { recursive: true }));
    shop = await startShop({ RATE_LIMIT_PER_MINUTE: String(RATE_LIMIT) }, { folder });
    cleanup.defer(() => shop.close());
    network = await startStallingProxy(Number(new URL(shop.url("gateway")).port));
    cleanup.defer(() => network.close());
    opened = await openPage(browser, `http://localhost:${network.port}`);
    cleanup.defer(() => opened.page.close());
    await opened.page.getByText("User 123").waitFor();
  });
  afterEach(() => cleanup.disposeAsync());

  const button = (name: string) => opened.page.getByRole("button", { name, exact: true });
  const shows = (text: string) => opened.page.getByText(text).first().waitFor();

  /** Orders, and cuts the connection when the order is placed, before the page hears of it; again, since browsers try again by themselves. */
  async function orderWithoutAnswer(): Promise<void> {
    await button("Add Enamel mug").click();
    network.stall();
    await button("Place order").click();
    await eventually(() => assert.ok(network.held > 0));
    await eventually(async () => {
      network.cut();
      assert.equal(await opened.page.getByText("Nobody knows whether you have ordered").isVisible(), true);
    });
    network.resume();
  }

  async function isOneOrderPaidOnce(): Promise<void> {
    await using books = await openBooks({ DATA_DIR: folder });
    assert.deepEqual(await audit(books.orders, books.payments), { paid: 1 });
  }

  it("asks again with the same key: one order, one charge", async () => {
    await orderWithoutAnswer();
    assert.equal(await button("Place order").isDisabled(), true); // another order would be a second one
    await opened.page.screenshot({ path: pictureOf("a-lost-answer") });
    await button("Ask again").click();
    await shows("You asked 2 times with one key. It is one order, charged once.");
    await opened.check();
    await isOneOrderPaidOnce();
  });

  it("still knows the key when the page was loaded anew", async () => {
    await orderWithoutAnswer();
    await opened.page.reload();
    await shows("Nobody knows whether you have ordered");
    await button("Ask again").click();
    await shows("It is one order, charged once.");
    await isOneOrderPaidOnce();
  });

  it("asks as often as it takes while the gateway is away", async () => {
    await button("Add Enamel mug").click();
    await shop.stop("gateway");
    await button("Place order").click();
    await shows("Nobody knows whether you have ordered");
    await button("Ask again").click();
    await shows("Nobody knows whether you have ordered");
    await shop.start("gateway");
    await button("Ask again").click();
    await shows("You asked 3 times with one key. It is one order, charged once.");
    await isOneOrderPaidOnce();
  });

  it("stays in doubt when a later answer tells nothing of the first try", async () => {
    await orderWithoutAnswer();
    for (let i = 0; i < RATE_LIMIT; i++) await fetch(`${shop.url("gateway")}/api/users/123`);
    await button("Ask again").click();
    await shows("ResourceExhausted");
    await shows("Nobody knows whether you have ordered");
    assert.equal(await button("Place order").isDisabled(), true);
    await button("Give up").click();
    assert.equal(await button("Place order").isDisabled(), false);
    await isOneOrderPaidOnce();
  });

  it("leaves in the cart what came into it meanwhile", async () => {
    await orderWithoutAnswer();
    await button("Add Desk lamp").click();
    await button("Add Enamel mug").click();
    await button("Ask again").click();
    await shows("It is one order, charged once.");
    const lines = await opened.page.locator(".line").allTextContents();
    assert.deepEqual(
      lines.map((line) => line.replace(/Quantity.*/, "")),
      ["Enamel mug", "Desk lamp"],
    );
    assert.equal(await opened.page.getByLabel("Quantity of Enamel mug").inputValue(), "1");
  });

  it("says so when the order was cancelled before it was asked for again", async () => {
    await orderWithoutAnswer();
    const { orders } = (await (await fetch(`${shop.url("gateway")}/api/orders?user_id=123`)).json()) as {
      orders: { order_id: string }[];
    };
    await fetch(`${shop.url("gateway")}/api/orders/${orders[0]!.order_id}:cancel`, { method: "POST" });
    await button("Ask again").click();
    await shows("Your order was placed, and is cancelled by now: what was paid is given back.");
  });

  it("notices that a watch is dead although nobody closed it", async () => {
    const { page } = opened;
    await page.clock.install();
    await page.reload();
    await button("Add Enamel mug").click();
    await button("Place order").click();
    await page.getByRole("link", { name: "Watch the order" }).click();
    await shows("Live: changes show at once.");
    network.forget();
    const orderId = new URL(page.url()).hash.split("/").at(-1);
    await fetch(`${shop.url("gateway")}/api/orders/${orderId}:cancel`, { method: "POST" });
    await eventually(
      async () => {
        await page.clock.fastForward(31_000); // longer than it waits for a word
        assert.equal(await page.getByText("This state is final.").isVisible(), true);
      },
      { timeoutMs: 20_000 },
    );
  });

  it("takes the watch up again, and shows what came meanwhile", async () => {
    await button("Add Enamel mug").click();
    await button("Place order").click();
    await opened.page.getByRole("link", { name: "Watch the order" }).click();
    await shows("Live: changes show at once.");
    const orderId = new URL(opened.page.url()).hash.split("/").at(-1);
    await shop.stop("gateway");
    await shows("The connection was lost. Trying again …");
    await shop.start("gateway");
    await shows("Live: changes show at once.");
    assert.equal((await fetch(`${shop.url("gateway")}/api/orders/${orderId}:cancel`, { method: "POST" })).status, 200);
    await shows("This state is final.");
    const states = await opened.page.locator(".states li").allTextContents();
    assert.deepEqual([states[0], states.at(-1)], ["Paid", "Cancelled, refunded"]);
    await opened.check();
  });
});
