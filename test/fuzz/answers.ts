import { Buffer } from "node:buffer";
import { FLAG, TYPE } from "../support/h2-frames.ts";
import { headerFields } from "../support/hpack.ts";

const MAX_BYTES = 4 << 20;

/** What a server answered, as far as the bytes tell: statuses of HTTP and of RPC. */
export class Answers {
  /** The bodies of HTTP/2, one after the other; all that came, in HTTP/1.1. */
  body: Buffer = Buffer.alloc(0);
  /** Whether nothing more will come. */
  ended = false;
  /** Streams of HTTP/2 whose answer is whole. */
  finishedStreams = 0;
  /** Error codes of the GOAWAY and RST_STREAM that came. */
  readonly resets: number[] = [];
  readonly #http: 1 | 2;
  readonly #httpStatuses: number[] = [];
  readonly #grpcStatuses: number[] = [];
  #rest: Buffer = Buffer.alloc(0);

  constructor(http: 1 | 2) {
    this.#http = http;
  }

  get some(): boolean {
    return this.#httpStatuses.length > 0 || this.resets.length > 0 || this.body.length > 0;
  }

  get text(): string {
    return this.body.toString("latin1");
  }

  get httpStatuses(): number[] {
    if (this.#http === 2) return this.#httpStatuses;
    return [...this.text.matchAll(/HTTP\/1\.[01] (\d{3}) /g)].map(([, status]) => Number(status));
  }

  /** Of gRPC and gRPC-Web, and the names of Connect. */
  get rpcStatuses(): (number | string)[] {
    const web = [...this.text.matchAll(/grpc-status: ?(\d+)\r\n/g)].map(([, status]) => Number(status));
    const connect = [...this.text.matchAll(/[{,]"code":"([a-z_]+)"/g)].map(([, name]) => name!);
    return [...this.#grpcStatuses, ...web, ...connect];
  }

  push(chunk: Buffer): void {
    if (this.body.length > MAX_BYTES) return;
    if (this.#http === 1) this.body = Buffer.concat([this.body, chunk]);
    else {
      this.#rest = Buffer.concat([this.#rest, chunk]);
      this.#readFrames();
    }
  }

  #readFrames(): void {
    while (this.#rest.length >= 9 && this.#rest.length >= 9 + this.#rest.readUIntBE(0, 3)) {
      const end = 9 + this.#rest.readUIntBE(0, 3);
      this.#read(this.#rest[3]!, this.#rest[4]!, this.#rest.subarray(9, end));
      this.#rest = this.#rest.subarray(end);
    }
  }

  #read(type: number, flags: number, payload: Buffer): void {
    if (type === TYPE.data) this.body = Buffer.concat([this.body, payload]);
    if (type === TYPE.goaway) this.resets.push(payload.readUInt32BE(4));
    if (type === TYPE.reset) this.resets.push(payload.readUInt32BE(0));
    if (type === TYPE.headers) {
      for (const [name, value] of headerFields(payload)) {
        if (name === ":status") this.#httpStatuses.push(Number(value));
        if (name === "grpc-status") this.#grpcStatuses.push(Number(value));
      }
    }
    if ((type === TYPE.data || type === TYPE.headers) && (flags & FLAG.endStream) !== 0) this.finishedStreams++;
  }
}
