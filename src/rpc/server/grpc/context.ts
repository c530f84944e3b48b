import type { DescMethod } from "@bufbuild/protobuf";
import type { Fields } from "../../../http2/fields.ts";
import { answerHeader } from "../../answer-header.ts";
import { type ConnectionInfo, connectionInfo } from "../../connection-info.ts";
import { LazyContext } from "../calls/lazy-context.ts";
import type { ResponseWriter } from "./response-writer.ts";
import type { ServedMethod } from "./served-method.ts";

/** The context of a gRPC call. */
export class GrpcContext extends LazyContext {
  readonly #method: ServedMethod;
  readonly #response: ResponseWriter;
  readonly #connection: ConnectionInfo;

  /** `deadline` is a time of performance.now(); Infinity: none. */
  constructor(
    fields: Fields,
    method: ServedMethod,
    response: ResponseWriter,
    deadline: number,
    connection: ConnectionInfo,
  ) {
    super(fields, deadline);
    this.#method = method;
    this.#response = response;
    this.#connection = connection;
  }

  get protocolName(): string {
    return "grpc";
  }
  get requestMethod(): string {
    return "POST";
  }
  get method(): DescMethod {
    return this.#method.desc;
  }
  get url(): string {
    const scheme = this.#connection.identity === undefined ? "http" : "https";
    return `${scheme}://${this.fields[":authority"] ?? "localhost"}${this.#method.path}`;
  }
  get responseHeader(): Headers {
    return this.#response.header;
  }
  get responseTrailer(): Headers {
    return this.#response.trailer;
  }
  serverValue(id: symbol): unknown {
    if (id === connectionInfo.id) return this.#connection;
    if (id !== answerHeader.id) return undefined;
    return (name: string, value: string) => this.responseHeader.set(name, value);
  }
}
