// What the dashboard of run-all shows, as somebody sees it who has a question: three clicks at most. SCREENS=FOLDER keeps the pictures there.
import assert from "node:assert/strict";
import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";
import type { Browser, Page } from "playwright-core";
import { FaultService } from "../../gen/mesh/v1/fault_service_pb.js";
import { eventually } from "../support/eventually.ts";
import { ORDER, placeOrder, traceIdOf } from "../support/orders.ts";
import { type RunAllShop, startRunAllShop } from "../support/run-all.ts";
import { newPage, type OpenPage, startBrowser } from "./browser.ts";

const SCREENS = resolve(process.env.SCREENS ?? ".cache/screens");
/** Longer than an export of metrics takes to come. */
const ARRIVAL = { timeout: 20_000 };
const FAULT_LATENCY_MS = 400;

describe("the dashboard of run-all tells", function () {
  this.timeout(60_000);
  const cleanup = new AsyncDisposableStack();
  let shop: RunAllShop;
  let browser: Browser;
  /** Open while the requests are made. */
  let live: OpenPage;
  let page: Page;
  let errors: string[];
  let declined: string;
  let failed: string;
  let clicks = 0;

  before(async function () {
    this.timeout(300_000); // a machine's first Chromium
    browser = await startBrowser();
    cleanup.defer(() => browser.close());
    shop = await startRunAllShop();
    cleanup.defer(() => shop.close());
    await mkdir(SCREENS, { recursive: true });
    live = await newPage(browser);
    await live.page.goto(shop.url("dashboard"));
    await use();
    await live.page.getByText("ERROR", { exact: true }).waitFor(ARRIVAL);
  });

  after(() => cleanup.disposeAsync());

  beforeEach(async () => {
    ({ page, errors } = await newPage(browser));
    await page.goto(shop.url("dashboard"));
    await page.getByText(/^\s*Traces \(\d+/).waitFor(ARRIVAL);
    clicks = 0;
  });

  afterEach(async function () {
    await page.screenshot({ path: join(SCREENS, `${this.currentTest?.title.replaceAll(/\W+/g, "-")}.png`) });
    await page.close();
    assert.deepEqual(errors, []);
    assert.ok(clicks <= 3, `${clicks} clicks`);
  });

  /** Good orders with slow payments, a declined one, and one that fails because the user role does. */
  async function use(): Promise<void> {
    const gateway = shop.url("gateway");
    const faultsOf = (role: "payment" | "user") =>
      createClient(FaultService, createGrpcTransport({ baseUrl: shop.url(role) }));
    await faultsOf("payment").setFault({ fault: { latency: durationFromMs(FAULT_LATENCY_MS) } });
    for (let i = 0; i < 3; i++) {
      assert.equal((await placeOrder(gateway)).status, 200);
      assert.equal((await fetch(`${gateway}/api/users/123`)).status, 200);
    }
    const answer = await placeOrder(gateway, { ...ORDER, payment_method: "tok_declined" });
    assert.equal(answer.status, 402);
    declined = traceIdOf(answer);
    await faultsOf("user").setFault({ fault: { errorRatio: 1, errorCode: "INTERNAL" } });
    const failure = await placeOrder(gateway);
    assert.equal(failure.status, 500);
    failed = traceIdOf(failure);
    await faultsOf("user").setFault({});
  }

  async function click(text: string | RegExp, which: "first" | "last" = "first"): Promise<void> {
    clicks++;
    await page.getByText(text)[which]().click(ARRIVAL);
  }

  const shows = (text: string | RegExp) => page.getByText(text).first().waitFor(ARRIVAL);

  /** The text of what is around a text. */
  const around = async (text: string | RegExp, from = "..") =>
    (await page.getByText(text, { exact: true }).first().locator(`xpath=${from}`).textContent(ARRIVAL)) ?? "";

  it("what comes in, as it comes", async () => {
    const orders = live.page.getByText("POST /api/orders");
    await eventually(async () => assert.equal(await orders.count(), 5), { timeoutMs: 10_000 });
    assert.equal(await live.page.getByText("PARTIAL").count(), 0);
    assert.equal(await live.page.getByText("order-service").count(), 1); // its check of health: orders begin at the gateway
    await live.page.screenshot({ path: join(SCREENS, "what-comes-in.png") });
    assert.deepEqual(live.errors, []);
    await live.page.close();
  });

  it("which request failed and why", async () => {
    clicks++;
    await page.locator("select").first().selectOption("error");
    await shows("Traces (1 of");
    await click("POST /api/orders");
    await shows(failed);
    await click(/^\s*shop\.user\./, "last");
    await shows("Error: a fault that is switched on");
    await shows("user-service");
  });

  it("that a declined card is an answer, not a failure", async () => {
    await page.goto(`${shop.url("dashboard")}/#trace=${declined}`);
    await shows(declined);
    await shows("POST /api/orders");
    assert.equal(await page.getByText("ERROR", { exact: true }).count(), 0);
  });

  it("which service is slow", async () => {
    await click("Service Map");
    await click("payment-service");
    await shows("Avg Latency");
    const told = await around("Avg Latency", "ancestor::*[contains(., 'Connections')][1]");
    const [, slow, unit] = /order-service.*?req\s*([\d.]+)(ms|s)/s.exec(told) ?? [];
    assert.ok(Number(slow) * (unit === "s" ? 1000 : 1) >= FAULT_LATENCY_MS, told);
  });

  it("who calls whom", async () => {
    await click("Service Map");
    for (const service of ["api-gateway", "order-service", "user-service", "payment-service", "sqlite"])
      await shows(service);
    await shows("7 connections");
  });

  it("how long each route takes", async () => {
    await click("Metrics");
    await click("duration of POST /api/orders");
    await shows(/^\s*p99/);
    const [, ms] = /p50\s*([\d.]+)\s*ms/.exec(await around(/^\s*p50/)) ?? [];
    // In its bucket, from 250 to 500 ms, it is estimated.
    assert.ok(Number(ms) >= 250, `${ms} ms`);
  });

  it("how long each method takes", async () => {
    await click("Metrics");
    for (const method of ["shop.order.v1.OrderService/CreateOrder", "shop.payment.v1.PaymentService/Charge"])
      await shows(`duration of ${method}`);
    await click("duration of shop.payment.v1.PaymentService/Charge");
    await shows(/^\s*p99/);
  });

  it("the log records of a trace", async () => {
    await page.goto(`${shop.url("dashboard")}/#trace=${declined}`);
    await shows(declined);
    await click("POST /api/orders", "last");
    await shows(/^\s*Correlated Logs \([1-9]/);
    await shows("order changed");
  });

  it("all log records, and leads to their traces", async () => {
    await click("Logs");
    await click("order changed");
    await shows("order_state");
    await click("Go to trace");
    await shows("Back to traces");
  });
});
