// Stands in for what shows telemetry, which no check looks at: answers 200 to all that comes to the port that is named first.
import { createServer } from "node:http";

createServer((_, response) => response.writeHead(200).end()).listen(Number(process.argv[2]));
process.once("SIGTERM", () => process.exit(0));
