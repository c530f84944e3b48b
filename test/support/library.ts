// LibraryService for tests: each method gives back what it got, and remembers the context.
import type { HandlerContext } from "@connectrpc/connect";
import { type Service, service } from "../../src/rpc/service.ts";
import { LibraryService } from "../gen/library/v1/library_pb.js";

export type Library = { readonly service: Service; readonly contexts: HandlerContext[] };

export function createLibrary(): Library {
  const contexts: HandlerContext[] = [];
  const seen = <T>(context: HandlerContext, response: T): T => {
    contexts.push(context);
    return response;
  };
  const library = service(LibraryService, {
    getBook: (request, context) => seen(context, { request }),
    updateBook: (request, context) => seen(context, { request }),
    moveFile: ({ to }, context) => seen(context, { to }),
    deleteFile: ({ path }, context) => seen(context, { path }),
  });
  return { service: library, contexts };
}
