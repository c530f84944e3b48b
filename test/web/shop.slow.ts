// The shop's page in a browser, as somebody uses it. SCREENS=FOLDER keeps the pictures there.
import assert from "node:assert/strict";
import type { Browser, Page } from "playwright-core";
import { eventually } from "../support/eventually.ts";
import type { RunAllShop } from "../support/run-all.ts";
import { barriers, openPage, pictureOf, type RunAllPages, type ShopPage, startPages } from "./page.ts";

const NARROW = { width: 360, height: 740 };
/** Notes the title of the browser at the moment when the heading becomes another. */
const WATCH_TITLE = `
  const observer = new MutationObserver(() => {
    if (document.querySelector("h1")?.id !== "orders") return;
    globalThis.titleWithHeading = document.title;
    observer.disconnect();
  });
  observer.observe(document.body, { childList: true, subtree: true, characterData: true, attributes: true });`;

describe("the shop's page", function () {
  this.timeout(60_000);
  let pages: RunAllPages;
  let shop: RunAllShop;
  let browser: Browser;
  let opened: ShopPage;
  let page: Page;

  before(async function () {
    this.timeout(300_000); // a machine's first Chromium
    pages = await startPages();
    ({ browser, shop } = pages);
  });
  after(() => pages?.[Symbol.asyncDispose]());

  beforeEach(async () => {
    opened = await openPage(browser, shop.url("gateway"));
    ({ page } = opened);
    await page.getByText("User 123, user123@example.com").waitFor();
  });
  afterEach(async () => {
    await opened.check();
    await page.close();
  });

  const picture = (name: string) => page.screenshot({ path: pictureOf(name) });
  const button = (name: string) => page.getByRole("button", { name, exact: true });
  const link = (name: string) => page.getByRole("link", { name, exact: true });
  const shows = (text: string | RegExp) => page.getByText(text).first().waitFor();

  /** Fills the cart with README's order, 109.97 in all, and orders it. */
  async function order(card = "pays"): Promise<void> {
    await button("Add Enamel mug").click();
    await button("Add Enamel mug").click();
    await button("Add Notebook").click();
    await page.getByLabel("Test card").selectOption({ label: card });
    await button("Place order").click();
  }

  it("takes an order, and shows its states as they come", async () => {
    await order();
    await shows("Your order is placed and paid.");
    await picture("the-shop");
    await link("Watch the order").click();
    await shows("Live: changes show at once.");
    assert.equal(await page.locator(".card > .row .amount").textContent(), "$109.97");
    await button("Cancel order").click();
    await shows("This state is final.");
    const states = await page.locator(".states li").allTextContents();
    assert.deepEqual([states[0], states.at(-1)], ["Paid", "Cancelled, refunded"]);
    await shows("Cancelled. What was paid is given back.");
    await picture("an-order-as-it-changes");
  });

  it("shows what somebody else does with an order, at once", async () => {
    await order();
    await link("Watch the order").click();
    await shows("Live: changes show at once.");
    const orderId = new URL(page.url()).hash.split("/").at(-1);
    await fetch(`${shop.url("gateway")}/api/orders/${orderId}:cancel`, { method: "POST" });
    await page.locator(".states").getByText("Cancelled, refunded").waitFor({ timeout: 1000 });
  });

  it("says why a card was declined, and takes another", async () => {
    await order("is declined");
    await shows("The card was declined. Nothing was charged.");
    await shows(/^CARD_DECLINED: /);
    await picture("a-declined-card");
    await page.getByLabel("Test card").selectOption({ label: "pays" });
    await button("Place order").click();
    await shows("Your order is placed and paid.");
  });

  it("shows what is wrong with a field at the field", async () => {
    await button("Add Desk lamp").click();
    await button("Add Notebook").click();
    const quantity = page.getByLabel("Quantity of Notebook");
    await quantity.fill("20000");
    await button("Place order").click();
    const fault = page.locator(".line", { hasText: "Notebook" }).locator(".fault");
    assert.equal(await fault.textContent(), "must be greater than 0 and less than or equal to 10000");
    assert.equal(await quantity.getAttribute("aria-invalid"), "true");
    assert.equal(await page.getByLabel("Quantity of Desk lamp").getAttribute("aria-invalid"), "false");
    await quantity.fill("2");
    await button("Place order").click();
    await shows("Your order is placed and paid.");
  });

  it("says what is wrong with what has no field in the cart", async () => {
    await page.getByLabel("Customer").fill("0");
    await page.keyboard.press("Enter");
    await button("Add Notebook").click();
    await button("Place order").click();
    await shows("user_id: must be greater than 0");
  });

  it("names each view in the title of the browser as soon as it shows", async () => {
    assert.equal(await page.title(), "Shop – tracemesh shop");
    await page.evaluate(WATCH_TITLE);
    await link("Orders").click();
    await page.getByRole("heading", { name: "Orders" }).waitFor();
    assert.equal(await page.evaluate("globalThis.titleWithHeading"), "Orders – tracemesh shop");
  });

  it("says that nobody has a customer's number, and who has another", async () => {
    await page.getByLabel("Customer").fill("999999");
    await page.keyboard.press("Enter");
    await shows("Nobody with this customer number is known.");
    await page.getByLabel("Customer").fill("7");
    await page.keyboard.press("Enter");
    await shows("User 7, user7@example.com");
  });

  it("lists the orders a page at a time, newest first", async () => {
    const gateway = shop.url("gateway");
    const headers = { "content-type": "application/json" };
    for (let i = 1; i <= 10; i++) {
      const body = JSON.stringify({ user_id: 9, items: [{ product_id: 4, quantity: i, price: 7.5 }] });
      assert.equal((await fetch(`${gateway}/api/orders`, { method: "POST", headers, body })).status, 200);
    }
    await page.getByLabel("Customer").fill("9");
    await page.keyboard.press("Enter");
    await link("Orders").click();
    const totals = page.locator("tbody td:nth-child(3)");
    await eventually(async () => assert.equal(await totals.count(), 8));
    await button("Show more").click();
    await eventually(async () => assert.equal(await totals.count(), 10));
    const shown = await totals.allTextContents();
    assert.deepEqual([shown[0], shown.at(-1)], ["$75.00", "$7.50"]);
    assert.equal(await button("Show more").count(), 0);
    await picture("orders");
  });

  it("begins the trace of an action, which is a click away in the dashboard", async () => {
    await order();
    await shows("Your order is placed and paid.");
    const [dashboard] = await Promise.all([page.waitForEvent("popup"), page.locator("a.trace").first().click()]);
    await dashboard.getByText("shop.gateway.v1.ShopService/CreateOrder").first().waitFor();
    for (const part of ["shop.payment.v1.PaymentService/Charge", "INSERT payments"])
      await dashboard.getByText(part).first().waitFor();
    const services = await dashboard.locator("body").textContent();
    assert.doesNotMatch(services ?? "", /PARTIAL/);
    await dashboard.screenshot({ path: pictureOf("the-trace-of-an-order") });
    await dashboard.close();
  });

  it("is used with the keyboard alone", async () => {
    const focused = () => page.evaluate("document.activeElement.ariaLabel ?? document.activeElement.textContent");
    const goTo = async (name: string) => {
      for (let i = 0; i < 40 && (await focused()) !== name; i++) await page.keyboard.press("Tab");
      assert.equal(await focused(), name);
    };
    await page.keyboard.press("Tab");
    assert.equal(await focused(), "Skip to content");
    await page.keyboard.press("Enter");
    await goTo("Add Wall clock");
    await page.keyboard.press("Enter");
    await goTo("Place order");
    await page.keyboard.press("Enter");
    await shows("Your order is placed and paid.");
    await goTo("Watch the order");
    await page.keyboard.press("Enter");
    await shows("Live: changes show at once.");
    assert.match(String(await focused()), /^Order /); // who hears the page is told where they are
    await goTo("Cancel order");
    await page.keyboard.press("Enter");
    await shows("This state is final.");
  });

  for (const colorScheme of ["light", "dark"] as const) {
    it(`has no barriers in any view, on a narrow screen neither (${colorScheme})`, async () => {
      for (const viewport of [undefined, NARROW]) {
        await page.close();
        opened = await openPage(browser, shop.url("gateway"), { colorScheme, viewport });
        ({ page } = opened);
        await shows("User 123, user123@example.com");
        assert.deepEqual(await barriers(page), []);
        await order("is declined");
        await shows("The card was declined. Nothing was charged.");
        assert.deepEqual(await barriers(page), []);
        await picture(`the-shop-${colorScheme}${viewport ? "-narrow" : ""}`);
        await link("Orders").click();
        await page.locator("tbody a").first().waitFor();
        assert.deepEqual(await barriers(page), []);
        await page.locator("tbody a").first().click();
        await page.locator(".states li").first().waitFor();
        assert.deepEqual(await barriers(page), []);
        const width = Number(await page.evaluate("document.documentElement.scrollWidth"));
        assert.ok(width <= (viewport?.width ?? 1400), `${width} wide`);
        await opened.check();
      }
    });
  }
});
