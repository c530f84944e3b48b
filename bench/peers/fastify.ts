import Fastify from "fastify";
import { REST_ROUTE } from "../rest-call.ts";
import { usersClient } from "./users-client.ts";

const params = { type: "object", properties: { id: { type: "integer", minimum: 1 } } };
const user = {
  type: "object",
  properties: { id: { type: "integer" }, name: { type: "string" }, email: { type: "string" } },
};

/** A gateway of Fastify and grpc-js's client, with the schemas that make Fastify quick. */
export async function startFastify(port: number, usersTarget: string, logger: boolean): Promise<void> {
  const getUser = usersClient(usersTarget);
  const server = Fastify({ logger });
  server.get<{ Params: { id: number } }>(
    REST_ROUTE,
    { schema: { params, response: { 200: user } } },
    async (request) => {
      const { user } = await getUser(request.params.id);
      return { id: user?.id, name: user?.name, email: user?.email };
    },
  );
  await server.listen({ port, host: "127.0.0.1" });
}
