// A server of the probe with little memory for its clients, in a process of its own: whoever kills it shall not kill the test.
import { createRpcServer } from "../../src/rpc/server/server.ts";
import { createProbe } from "./probe.ts";

const { service } = createProbe();
const server = createRpcServer({ services: [service], limits: { maxHeldBytes: 1 << 20, maxConcurrentCalls: 1000 } });
process.stdout.write(`${await server.listen()}\n`);
