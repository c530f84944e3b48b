import { create, type DescMessage, type DescMethod, type DescService, type Message } from "@bufbuild/protobuf";
import { type Path, pathToString } from "@bufbuild/protobuf/reflect";
import { createValidator, type Validator } from "@bufbuild/protovalidate";
import type { ConnectError, Interceptor } from "@connectrpc/connect";
import { invalidFields, violationsOf } from "../errors.ts";
import { AND_MORE, type FieldViolation, keySegment } from "../field-violations.ts";
import { serverHooks } from "../hooks/hooked.ts";
import { requestFault } from "../request-fault.ts";
import { hasMoreElements } from "./message-elements.ts";

/** Messages with more elements in lists and maps are checked only up to the first violation: there could be millions. */
const MAX_ELEMENTS = 1024;

/**
 * Checks every request message, also those of streams, against the rules of its contract (buf.validate). Violations fail the call by
 * invalidFields(): all of them, or only the first if the lists and maps of the message have more than 1024 elements in total. Responses are
 * not checked.
 *
 * @param services Their rules are compiled now, instead of at the first call. Throws if they do not compile.
 */
export function validation(services: readonly DescService[] = []): Interceptor {
  const check = createCheck();
  for (const method of services.flatMap((s) => s.methods)) {
    check.warm(method);
  }
  return serverHooks({
    start({ stream, contextValues }) {
      const fault = contextValues.get(requestFault);
      if (stream && fault !== undefined) throw fault;
    },
    check({ method, contextValues }, message) {
      throwFirst(contextValues.get(requestFault), check.violations(method.input, message));
    },
  });
}

/** Shared, since it keeps the rules that it has compiled. Made on demand: that takes time at the start. */
let shared: Validator | undefined;

function createCheck() {
  shared ??= createValidator();
  const all = shared;
  let first: Validator | undefined; // made on demand, since it is hardly ever needed
  const run = (validator: Validator, desc: DescMessage, message: Message): FieldViolation[] => {
    const result = validator.validate(desc, message);
    if (result.kind === "error") throw result.error;
    if (result.kind === "valid") return [];
    return result.violations.map((v) => ({ field: pathText(v.field), description: v.message }));
  };
  const violations = (desc: DescMessage, message: Message) => {
    if (!hasMoreElements(desc, message, MAX_ELEMENTS)) return run(all, desc, message);
    first ??= createValidator({ failFast: true });
    return run(first, desc, message);
  };
  const warm = ({ input }: DescMethod) => void run(all, input, create(input));
  return { violations, warm };
}

/** The path as text, with keys that the client chose shortened. */
function pathText(path: Path): string {
  const keyAt = path.findLastIndex((part) => part.kind === "map_sub" && typeof part.key === "string");
  const part = path[keyAt];
  if (part?.kind !== "map_sub") return pathToString(path);
  const rest = pathToString(path.slice(keyAt + 1));
  const dot = rest === "" || rest.startsWith("[") ? "" : ".";
  return `${pathText(path.slice(0, keyAt))}${keySegment(String(part.key))}${dot}${rest}`;
}

function throwFirst(fault: ConnectError | undefined, found: readonly FieldViolation[]): void {
  if (fault === undefined) {
    if (found.length > 0) throw invalidFields(found);
    return;
  }
  const known = violationsOf(fault);
  if (known.length === 0 || fault.rawMessage.endsWith(AND_MORE)) throw fault;
  // A field that could not be decoded is missing from the message, so what the rules say about it, or about the fields that contain it, may
  // be wrong.
  const trusted = found.filter((v) => !known.some((k) => covers(k.field, v.field) || covers(v.field, k.field)));
  throw invalidFields([...known, ...trusted], fault.cause);
}

/** Whether the path is that of the holder or of something in it. */
function covers(holder: string, path: string): boolean {
  return holder === "" || (path.startsWith(holder) && ["", ".", "["].includes(path.charAt(holder.length)));
}
