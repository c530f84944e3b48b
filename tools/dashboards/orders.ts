import { jobOf } from "../protoc-gen-mesh/slo/calls.ts";
import { type Dashboard, figure, graph, p99, rate } from "./dashboard.ts";

const CREATE = 'endpoint="shop.order.v1.OrderService/CreateOrder"';
const CHARGE = 'endpoint="shop.payment.v1.PaymentService/Charge"';
const REFUND = 'endpoint="shop.payment.v1.PaymentService/Refund"';

const inRange = (metric: string, matchers: string): string =>
  `round(sum(increase(${metric}{${matchers}}[$__range]))) or vector(0)`;

/** What becomes of orders: the saga's steps, and those that are not settled yet. */
export const ordersDashboard: Dashboard = {
  uid: "tracemesh-orders",
  title: "tracemesh: orders",
  rows: [
    {
      title: "From order to money",
      panels: [
        figure(
          { title: "Asked for", description: "In the time shown.", unit: "short" },
          { expr: inRange("order_service_requests_total", CREATE), legend: "" },
        ),
        figure(
          { title: "Placed", description: "And paid.", unit: "short" },
          { expr: inRange("order_service_requests_total", `${CREATE},status="200"`), legend: "" },
        ),
        figure(
          { title: "Charged", description: "Charges that succeeded, repeated ones included.", unit: "short" },
          { expr: inRange("payment_service_requests_total", `${CHARGE},status="200"`), legend: "" },
        ),
        figure(
          { title: "Not charged", description: "Declined, or not possible.", unit: "short" },
          { expr: inRange("payment_service_requests_total", `${CHARGE},status!="200"`), legend: "" },
        ),
        figure(
          { title: "Refunded", description: "For orders that were cancelled, or given up.", unit: "short" },
          { expr: inRange("payment_service_requests_total", `${REFUND},status="200"`), legend: "" },
        ),
      ],
    },
    {
      title: "Under way",
      panels: [
        graph(
          { title: "Not settled", description: "Orders whose payment or cancellation is not decided.", unit: "short" },
          { expr: "max by (shop_order_state) (shop_order_unsettled)", legend: "{{shop_order_state}}" },
        ),
        graph(
          {
            title: "Stuck",
            description: "Tried again and again without end. Look at them: docs/operations.md.",
            unit: "short",
          },
          { expr: "max(shop_order_stuck)", legend: "orders" },
        ),
        graph(
          { title: "Answers to orders", description: "By HTTP status.", unit: "reqps" },
          { expr: rate("order_service_requests_total", CREATE, ["status"]), legend: "{{status}}" },
        ),
        graph(
          {
            title: "99th percentile of the saga's steps",
            description: "What the order role asks of others.",
            unit: "s",
            width: 12,
          },
          {
            expr: p99("rpc_client_call_duration_seconds", jobOf("order-service"), ["rpc_method"]),
            legend: "{{rpc_method}}",
          },
        ),
        graph(
          { title: "99th percentile of statements", description: "Of orders and payments.", unit: "s", width: 12 },
          {
            expr: p99("db_client_operation_duration_seconds", jobOf("(order|payment)-service"), [
              "job",
              "db_operation_name",
            ]),
            legend: "{{job}} {{db_operation_name}}",
          },
        ),
      ],
    },
  ],
};
