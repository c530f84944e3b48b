// The client of @grpc/grpc-js, as any program in the mesh might use it.
import { Buffer } from "node:buffer";
import { create, type DescMethod, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { Client, credentials, Metadata, type StatusObject } from "@grpc/grpc-js";
import type { RoleName } from "../../../src/roles.ts";
import { pathOf } from "../../support/h2-frames.ts";
import type { Call, Send } from "./kind.ts";
import { nameOf } from "./send.ts";

type Options = { readonly role?: RoleName; readonly deadlineMs?: number; readonly cancelOnAnswer?: boolean };

/** A call with one request, of which the answers are counted but not read. */
export const grpcJs =
  <M extends DescMethod>(
    method: M,
    request: (call: Call) => MessageInitShape<M["input"]>,
    { role = "gateway", deadlineMs, cancelOnAnswer = false }: Options = {},
  ): Send =>
  async (call) => {
    const client = new Client(`127.0.0.1:${call.doors.port(role)}`, credentials.createInsecure());
    const metadata = new Metadata();
    metadata.set("traceparent", call.trace.traceparent ?? "");
    const bytes = Buffer.from(toBinary(method.input, create<M["input"]>(method.input, request(call))));
    const same = (message: Buffer) => message;
    const deadline = deadlineMs === undefined ? undefined : Date.now() + deadlineMs;
    const stream = client.makeServerStreamRequest(pathOf(method), same, same, bytes, metadata, { deadline });
    let traceResponse: string | undefined;
    stream
      .on("error", () => {})
      .on("metadata", (header: Metadata) => {
        traceResponse = header.get("traceresponse")[0]?.toString();
      });
    stream.on("data", () => {
      if (cancelOnAnswer) stream.cancel();
    });
    const status = await new Promise<StatusObject>((resolve) => stream.once("status", resolve));
    client.close();
    traceResponse ??= status.metadata?.get("traceresponse")[0]?.toString();
    return { outcome: nameOf(status.code), traceResponse };
  };
