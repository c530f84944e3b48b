import { status } from "@grpc/grpc-js";
import { Module, type ModuleMetadata } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { type ClientProviderOptions, type GrpcOptions, RpcException, Transport } from "@nestjs/microservices";
import { file_shop_order_v1_order_service } from "../../../gen/shop/order/v1/order_service_pb.js";
import { file_shop_payment_v1_payment_service } from "../../../gen/shop/payment/v1/payment_service_pb.js";
import { file_shop_user_v1_user_service } from "../../../gen/shop/user/v1/user_service_pb.js";
import { decorateClass } from "./decorate.ts";
import { packageDefinitionOf } from "./descriptors.ts";
import { CallLogging, logger } from "./logging.ts";

const CONTRACTS = {
  user: file_shop_user_v1_user_service,
  order: file_shop_order_v1_order_service,
  payment: file_shop_payment_v1_payment_service,
} as const;

export type ServiceName = "user" | "order" | "payment";

function grpcOptions(name: ServiceName, url: string): GrpcOptions["options"] {
  return { url, package: `shop.${name}.v1`, packageDefinition: packageDefinitionOf(CONTRACTS[name]) };
}

/** A client of another service, for ClientsModule. */
export const clientOf = (name: ServiceName): ClientProviderOptions => ({
  name,
  transport: Transport.GRPC,
  options: grpcOptions(name, process.env[`${name.toUpperCase()}_URL`] ?? ""),
});

/** Serves a module over gRPC, on PORT. */
export async function serveGrpc(name: ServiceName, metadata: ModuleMetadata): Promise<void> {
  class AppModule {}
  decorateClass(AppModule, Module(metadata));
  const url = `127.0.0.1:${process.env.PORT}`;
  const options: GrpcOptions = { transport: Transport.GRPC, options: grpcOptions(name, url) };
  const app = await NestFactory.createMicroservice<GrpcOptions>(AppModule, { ...options, logger: ["error", "warn"] });
  app.useGlobalInterceptors(new CallLogging());
  await app.listen();
  logger.info(`serves on ${url}`);
}

/** An expected failure, by the reason that the gateway answers with. */
export const failure = (code: keyof typeof status, reason: string): RpcException =>
  new RpcException({ code: status[code], message: reason });

/** The reason of a failure that another service answered with. */
export const reasonOf = (error: unknown): string | undefined => (error as { details?: string }).details;
