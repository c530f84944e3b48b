// The console's page in a browser. SCREENS=FOLDER keeps the pictures there.
import assert from "node:assert/strict";
import type { Browser, Page } from "playwright-core";
import { eventually } from "../support/eventually.ts";
import { ORDER, placeOrder } from "../support/orders.ts";
import type { RunAllShop } from "../support/run-all.ts";
import { barriers, openPage, pictureOf, type RunAllPages, type ShopPage, startPages } from "./page.ts";

const NARROW = { width: 360, height: 740 };
const SECONDS_10 = { timeoutMs: 15_000 };

describe("the console's page", function () {
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
    opened = await openPage(browser, `${shop.url("gateway")}/console`);
    ({ page } = opened);
    await method("api-gateway", "CreateOrder").waitFor();
  });
  afterEach(async () => {
    await opened.check();
    await page.close();
  });

  const picture = (name: string) => page.screenshot({ path: pictureOf(name) });
  const button = (name: string) => page.getByRole("button", { name, exact: true });
  const shows = (text: string | RegExp) => page.getByText(text).first().waitFor();
  const method = (workload: string, name: string) =>
    page.getByRole("region", { name: workload }).getByRole("link", { name, exact: true });
  /** What came back, as JSON. */
  const answer = async () => JSON.parse((await page.locator(".messages pre").first().textContent()) ?? "");

  it("shows who calls whom, how often, how long it takes and what fails, as it is", async () => {
    const row = (caller: string, name: string) =>
      page.locator("tr", { hasText: name }).filter({ has: page.getByRole("cell", { name: caller, exact: true }) });
    const begun = performance.now();
    let orders = 0;
    await eventually(async () => {
      await placeOrder(shop.url("gateway"));
      orders++;
      assert.equal(await row("order-service", "PaymentService/Charge").count(), 1);
    }, SECONDS_10);
    const told = await row("outside", "POST /api/orders").locator("td").allTextContents();
    assert.deepEqual(told.slice(0, 3), ["outside", "api-gateway", "POST /api/orders"]);
    assert.match(String(told[3]), /^[\d.]+\/s$/);
    const most = orders / ((performance.now() - begun) / 1000);
    assert.ok(Number.parseFloat(String(told[3])) <= 4 * most, `${told[3]} of ${most}`);
    assert.equal(told[4], "0 %");
    assert.match(String(told[6]), /^[\d.]+ m?s$/);
    assert.match(
      (await page.getByRole("img").getAttribute("aria-label")) ?? "",
      /order-service calls payment-service: /,
    );
    await picture("who-calls-whom");
  });

  it("breaks a service, which shows in the traffic, and mends it", async () => {
    await page.getByRole("link", { name: "Faults" }).click();
    const payment = page.getByRole("form", { name: "payment-service" });
    await payment.getByLabel("Calls that fail, in %").fill("100");
    await payment.getByLabel("Methods").selectOption("Charge");
    await payment.getByRole("button", { name: "Break it" }).click();
    await payment.getByText("broken on purpose").waitFor();
    await picture("faults");
    await page.getByRole("link", { name: "Traffic" }).click();
    const failed = page.locator("tr", { hasText: "PaymentService/Charge" }).locator("td:nth-child(5)");
    await eventually(async () => {
      assert.equal((await placeOrder(shop.url("gateway"))).status, 503);
      assert.notEqual(await failed.textContent({ timeout: 100 }), "0 %");
    }, SECONDS_10);
    await page.getByRole("link", { name: "Faults" }).click();
    await payment.getByText("broken on purpose").waitFor(); // it was asked for, not remembered
    await payment.getByRole("button", { name: "Mend it" }).click();
    await payment.getByText("as it should be").waitFor();
    assert.equal((await placeOrder(shop.url("gateway"))).status, 200);
  });

  it("shows a switch's own refusal at its field", async () => {
    await page.getByRole("link", { name: "Faults" }).click();
    const user = page.getByRole("form", { name: "user-service" });
    await user.getByLabel("Slower by, in ms").fill("61000");
    await user.getByRole("button", { name: "Break it" }).click();
    await user.locator(".fault").first().waitFor();
    await user.getByText("as it should be").waitFor();
    await user.getByLabel("Slower by, in ms").fill("soon");
    await user.getByText("must be a number").waitFor();
    await user.getByRole("button", { name: "Break it" }).click();
    await user.getByText("as it should be").waitFor();
  });

  it("has a form for a request, made from the contract, with the policy beside it", async () => {
    await method("api-gateway", "CreateOrder").click();
    const facts = (await page.locator(".facts").first().textContent()) ?? "";
    for (const fact of [
      "8 s",
      "edge",
      "shop.order.v1.OrderService.CreateOrder",
      "99.9 % available, 99 % within 1 s",
      "32,768 bytes",
    ])
      assert.ok(facts.includes(fact), `${fact} in ${facts}`);
    await page.getByLabel("user_id").fill("123");
    await button("Add to items").click();
    await page.getByLabel("product_id").fill("1");
    await page.getByLabel("quantity").fill("2");
    await page.getByLabel("price").fill("0");
    await button("Call").click();
    await page.locator(".item .fault").waitFor();
    assert.match((await page.locator(".item .fault").textContent()) ?? "", /^must be greater than 0/);
    await page.getByLabel("price").fill("29.99");
    await page.getByLabel("payment_method").fill("tok_declined");
    await button("Call").click();
    await shows("CARD_DECLINED");
    await page.getByLabel("payment_method").fill("");
    for (const protocol of ["Connect", "gRPC-Web", "REST"]) {
      await page.getByLabel("Protocol").selectOption(protocol);
      await button("Call").click();
      await shows(new RegExp(`^${protocol}: (OK|200 OK) after `));
      assert.deepEqual((await answer()).total, { minor_units: "5998", currency: "USD" });
      await page.getByText(/^\d+ headers$/).click();
      assert.match((await page.locator(".answer").textContent()) ?? "", /idempotency-key/);
    }
    await page.screenshot({ path: pictureOf("a-call-by-hand"), fullPage: true });
  });

  it("calls roles that only the gateway reaches, and leads to the trace, which is whole", async () => {
    await method("user-service", "GetUser").click();
    await page.getByLabel("id", { exact: true }).fill("7");
    for (const protocol of ["Connect", "gRPC-Web"]) {
      await page.getByLabel("Protocol").selectOption(protocol);
      await button("Call").click();
      await shows(new RegExp(`^${protocol}: OK after `));
      assert.equal((await answer()).user.name, "User 7");
    }
    const [dashboard] = await Promise.all([page.waitForEvent("popup"), page.locator("a.trace").click()]);
    for (const span of ["shop.user.v1.UserService/GetUser", "POST /console/roles/{workload}/{service}/{method}"])
      await dashboard.getByText(span).first().waitFor();
    assert.doesNotMatch((await dashboard.locator("body").textContent()) ?? "", /PARTIAL/);
    await dashboard.close();
    await page.getByLabel("id", { exact: true }).fill("99999");
    await button("Call").click();
    await shows("USER_NOT_FOUND");
  });

  it("shows streams as they come, until they end or are stopped", async () => {
    const { order_id: id } = (await (await placeOrder(shop.url("gateway"), ORDER)).json()) as { order_id: string };
    for (const [workload, field, protocol] of [
      ["order-service", "id", "gRPC-Web"],
      ["api-gateway", "order_id", "REST"],
    ] as const) {
      await method(workload, "WatchOrder").click();
      await page.getByLabel(field, { exact: true }).fill(id);
      await page.getByLabel("Protocol").selectOption(protocol);
      await button("Call").click();
      await page.locator(".messages li").first().waitFor();
      assert.equal(await page.locator(".messages li").count(), 1);
      await button("Stop").click();
      await button("Stop").waitFor({ state: "detached" });
    }
    await button("Call").click();
    await page.locator(".messages li").first().waitFor();
    await fetch(`${shop.url("gateway")}/api/orders/${id}:cancel`, { method: "POST" });
    await shows(/^REST: 200 OK after /);
    const last = await page.locator(".messages pre").last().textContent();
    assert.match(last ?? "", /"status": "cancelled"/);
  });

  it("sends headers and timeouts, and says what is wrong with them", async () => {
    await method("order-service", "CreateOrder").click();
    await page.getByLabel("Timeout in ms").fill("1.5");
    await button("Call").click();
    await shows('"1.5" is no timeout');
    await page.getByLabel("Timeout in ms").fill("1");
    await page.getByLabel("Headers, a line each").fill("nonsense");
    await button("Call").click();
    await shows('"nonsense" is no header');
    await page.getByLabel("Headers, a line each").fill("x-test: 1");
    await button("Call").click();
    await shows(/^Connect: (DeadlineExceeded|InvalidArgument) after /);
  });

  it("cannot send a stream, and says so", async () => {
    const role = page.getByRole("region", { name: "user-service" });
    await role.getByText("v1.ServerReflection", { exact: true }).click();
    await role.getByRole("link", { name: "ServerReflectionInfo" }).first().click();
    await shows("Browsers cannot send a stream of requests.");
    assert.equal(await button("Call").count(), 0);
  });

  for (const colorScheme of ["light", "dark"] as const) {
    it(`has no barriers, on a narrow screen neither (${colorScheme})`, async () => {
      for (const viewport of [undefined, NARROW]) {
        await page.close();
        opened = await openPage(browser, `${shop.url("gateway")}/console`, { colorScheme, viewport });
        ({ page } = opened);
        await method("api-gateway", "CreateOrder").waitFor();
        assert.deepEqual(await barriers(page), []);
        await page.getByRole("link", { name: "Faults" }).click();
        await page.getByText("as it should be").last().waitFor();
        assert.deepEqual(await barriers(page), []);
        await method("user-service", "BatchGetUsers").click();
        await button("Add to ids").click();
        await button("Call").click();
        await page.locator(".answer").waitFor();
        assert.deepEqual(await barriers(page), []);
        const width = Number(await page.evaluate("document.documentElement.scrollWidth"));
        assert.ok(width <= (viewport?.width ?? 1400), `${width} wide`);
        await opened.check();
      }
    });
  }
});
