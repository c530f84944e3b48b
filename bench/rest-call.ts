// The REST benchmark's call: a gateway answers it with one call of the user service.
import { deepEqual } from "node:assert/strict";

const USER = { id: 123, name: "User 123", email: "user123@example.com" };

/** As routers write it. */
export const REST_ROUTE = "/api/users/:id";
export const REST_PATH = REST_ROUTE.replace(":id", String(USER.id));

/** Throws unless the gateway at this port answers with the user as JSON. */
export async function checkRest(port: number): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${port}${REST_PATH}`);
  deepEqual([response.status, await response.json()], [200, USER]);
}
