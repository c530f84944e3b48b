// A NestJS microservice on gRPC.
import "reflect-metadata";
import { loadFileDescriptorSetFromBuffer } from "@grpc/proto-loader";
import { Controller, Module } from "@nestjs/common";
import { NestFactory } from "@nestjs/core";
import { GrpcMethod, type GrpcOptions, Transport } from "@nestjs/microservices";
import { Observable } from "rxjs";
import { file_probe_v1_probe } from "../../test/gen/probe/v1/probe_pb.js";
import { REPLY } from "../probe.ts";
import { decorateMethod } from "./decorate.ts";
import { descriptorSet } from "./descriptor-set.ts";

type Request = { readonly payload: { readonly n: number } | null };
type Response = { readonly payload: typeof REPLY };

class ProbeController {
  unary(): Response {
    return { payload: { ...REPLY } };
  }

  serverStream(request: Request): Observable<Response> {
    const count = request.payload?.n ?? 0;
    return new Observable((subscriber) => {
      for (let i = 0; i < count; i++) subscriber.next({ payload: { ...REPLY } });
      subscriber.complete();
    });
  }
}
decorateMethod(ProbeController, "unary", GrpcMethod("ProbeService", "Unary"));
decorateMethod(ProbeController, "serverStream", GrpcMethod("ProbeService", "ServerStream"));
Controller()(ProbeController);

class ProbeModule {}
Module({ controllers: [ProbeController] })(ProbeModule);

export async function startNestGrpc(port: number): Promise<void> {
  const app = await NestFactory.createMicroservice<GrpcOptions>(ProbeModule, {
    transport: Transport.GRPC,
    logger: ["error", "warn"],
    options: {
      url: `127.0.0.1:${port}`,
      package: "probe.v1",
      packageDefinition: loadFileDescriptorSetFromBuffer(descriptorSet(file_probe_v1_probe)),
    },
  });
  await app.listen();
}
