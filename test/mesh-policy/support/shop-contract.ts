import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { type DescFile, type DescMethod, getOption } from "@bufbuild/protobuf";
import type { CodeGeneratorRequest } from "@bufbuild/protobuf/wkt";
import { type Policy, policy } from "../../../gen/mesh/v1/policy_pb.js";
import { ShopService } from "../../../gen/shop/gateway/v1/shop_service_pb.js";
import { OrderService } from "../../../gen/shop/order/v1/order_service_pb.js";
import { PaymentService } from "../../../gen/shop/payment/v1/payment_service_pb.js";
import { UserService } from "../../../gen/shop/user/v1/user_service_pb.js";
import { type MeshOptions, readOptions } from "../../../tools/protoc-gen-mesh/options.ts";
import { requestFor } from "./compile.ts";

export const root = resolve(import.meta.dirname, "../../..");

export const SERVICES = [ShopService, OrderService, PaymentService, UserService];

export const METHODS: readonly DescMethod[] = SERVICES.flatMap((service) => service.methods);

/** What stands beside the method in its contract. */
export const policyOf = (method: DescMethod): Policy => getOption(method, policy);

export const pathOf = (method: DescMethod): string => `/${method.parent.typeName}/${method.name}`;

/** The options that buf.gen.yaml gives the generator, as buf passes them on. */
export function shopParameter(): string {
  const [, ours = ""] = readFileSync(resolve(root, "buf.gen.yaml"), "utf8").split("protoc-gen-mesh/main.ts");
  return [...ours.matchAll(/- (\w+=\S+)$/gm)].map(([, option]) => option).join();
}

export const shopOptions = (): MeshOptions => readOptions(shopParameter());

/** What buf asks of the generator for the shop's contracts, in this order of services. */
export function shopRequest(services = SERVICES): CodeGeneratorRequest {
  const files = new Map<string, DescFile>();
  const add = (file: DescFile) => {
    for (const dependency of file.dependencies) add(dependency);
    files.set(file.proto.name, file);
  };
  for (const { file } of services) add(file);
  const protos = [...files.values()].map((file) => file.proto);
  const names = services.map(({ file }) => file.proto.name);
  return requestFor(names, protos, shopParameter());
}
