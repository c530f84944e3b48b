import type { DescMethod } from "@bufbuild/protobuf";
import type { HandlerContext } from "@connectrpc/connect";
import type { Service } from "../service.ts";
import type { FaultSwitch } from "./fault-switch.ts";

/** Whatever a handler takes and gives: a message, or a stream of them. */
type Handler = (request: unknown, context: HandlerContext) => unknown;

/** The service, whose calls suffer what the switch says before they are served. While it is off they pay for one look at it. */
export function breakable({ desc, impl }: Service, faults: FaultSwitch): Service {
  const handlers = impl as Readonly<Record<string, Handler | undefined>>;
  const broken = desc.methods.flatMap((method) => {
    const handler = handlers[method.localName]?.bind(impl);
    return handler === undefined ? [] : [[method.localName, behind(handler, method, faults)] as const];
  });
  return { desc, impl: Object.fromEntries(broken) as object as Service["impl"] };
}

function behind(handler: Handler, { name, methodKind }: DescMethod, faults: FaultSwitch): Handler {
  const answersStream = methodKind === "server_streaming" || methodKind === "bidi_streaming";
  return (request, context) => {
    const suffered = faults.suffer(name, context);
    if (suffered === undefined) return handler(request, context);
    const serve = () => handler(request, context);
    return answersStream ? streamAfter(suffered, serve as () => AsyncIterable<unknown>) : suffered.then(serve);
  };
}

async function* streamAfter(suffered: Promise<void>, serve: () => AsyncIterable<unknown>) {
  await suffered;
  yield* serve();
}
