// Calls a name all the time until its input ends, and then says what has failed.
import { createClient } from "@connectrpc/connect";
import { createGrpcTransport } from "../../../src/rpc/client/transport.ts";
import { ProbeService } from "../../support/probe.ts";

const failures: string[] = [];
let over = false;
process.stdin.resume().on("end", () => {
  over = true;
});
const transport = createGrpcTransport({ target: process.argv[2]! });
const client = createClient(ProbeService, transport);
while (!over) {
  await client.unary({}, { timeoutMs: 5000 }).catch((error: Error) => failures.push(error.message));
  await new Promise((resolve) => setTimeout(resolve, 2));
}
transport.close();
process.stdout.write(JSON.stringify(failures));
