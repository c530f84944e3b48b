// The contract: which telemetry a request of each kind makes. Kinds are sent in this order, on which caches depend.

import { CLIENTS } from "./clients.ts";
import { GRPC_CALLS } from "./grpc.ts";
import { HTTP } from "./http.ts";
import { REST_ORDERS } from "./rest-orders.ts";
import { REST_USERS } from "./rest-users.ts";
import { ROLES } from "./roles.ts";
import { SECRETS } from "./secrets.ts";
import { WEB_CALLS } from "./web.ts";

export { AWAY, LATE } from "./late.ts";

/** Requests to a shop in which everything works. */
export const WORKING = [
  ...REST_USERS,
  ...REST_ORDERS,
  ...HTTP,
  ...GRPC_CALLS,
  ...WEB_CALLS,
  ...CLIENTS,
  ...ROLES,
  ...SECRETS,
];
