// The shop's API, as any client of the contract has it.
import { createClient, type Interceptor } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-web";
import { signal } from "@preact/signals";
import { ShopService } from "../../gen/shop/gateway/v1/shop_service_pb.js";
import { tracing } from "../shared/tracing.ts";

/** Sent with each call where the gateway asks who calls. Kept nowhere but here. */
export const accessToken = signal("");

const authorized: Interceptor = (next) => (request) => {
  if (accessToken.value !== "") request.header.set("authorization", `Bearer ${accessToken.value}`);
  return next(request);
};

export const shop = createClient(
  ShopService,
  createConnectTransport({ baseUrl: "/", interceptors: [tracing, authorized] }),
);
