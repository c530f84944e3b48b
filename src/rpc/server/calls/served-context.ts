import type { HandlerContext } from "@connectrpc/connect";
import type { HookedCall } from "../../hooks/hooks.ts";

/** The context of a call over gRPC or REST. Its parts are made when they are first asked for, so `{ ...context }` copies none of them. */
export type ServedContext = HandlerContext & HookedCall;
