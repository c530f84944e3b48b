// Makes a call that takes a while, and leaves its connection open: idle-client.ts PORT. Nothing else keeps the process alive.
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "../../src/rpc/client/transport.ts";
import { ProbeService } from "./probe.ts";

const client = createClient(ProbeService, createGrpcTransport({ target: `127.0.0.1:${process.argv[2]}` }));
await client.unary({});
await client.unary({ payload: { text: "slow", n: 300 } });
process.stdout.write("done\n");
