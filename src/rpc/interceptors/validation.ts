import { create, type DescMessage, type DescMethod, type DescService, type Message } from "@bufbuild/protobuf";
import { pathToString } from "@bufbuild/protobuf/reflect";
import { createValidator } from "@bufbuild/protovalidate";
import { Code, ConnectError, createContextKey, type Interceptor } from "@connectrpc/connect";
import { BadRequestSchema } from "../../../gen/google/rpc/error_details_pb.js";

/**
 * One fault of a request. The field's path has proto names, such as "items[0].quantity", and is empty for the message
 * as a whole.
 */
export type FieldViolation = { readonly field: string; readonly description: string };

/**
 * What was wrong with a request before it became a message. An edge that decodes requests by itself sets it, and calls
 * on with what it could decode, so that a request that cannot be decoded is traced, logged and answered like any other.
 * validation() adds what it finds to the field violations.
 */
export const requestFault = createContextKey<ConnectError | undefined>(undefined, { description: "request fault" });

/** Violations of one answer. They travel in HTTP/2 trailers, which clients limit to 8 KiB. */
const MAX_VIOLATIONS = 32;

/**
 * INVALID_ARGUMENT with a google.rpc.BadRequest detail and a message that names each field. At most 32 violations are
 * told.
 */
export function badRequest(violations: readonly FieldViolation[], cause?: unknown): ConnectError {
  const fieldViolations = violations.slice(0, MAX_VIOLATIONS);
  const texts = fieldViolations.map((v) => (v.field === "" ? v.description : `${v.field}: ${v.description}`));
  if (violations.length > MAX_VIOLATIONS) texts.push("and more");
  const detail = { desc: BadRequestSchema, value: { fieldViolations } };
  return new ConnectError(texts.join("; "), Code.InvalidArgument, undefined, [detail], cause);
}

/**
 * Checks every request message, each one of a request stream too, against the rules of its contract (buf.validate). A
 * violation fails the call by badRequest(). Responses are not checked.
 *
 * @param services Their rules are compiled at once, rather than at the first call, and must compile: throws otherwise.
 */
export function validation(services: readonly DescService[] = []): Interceptor {
  const check = createCheck();
  for (const method of services.flatMap((s) => s.methods)) {
    check.warm(method);
  }
  return (next) => async (req) => {
    const fault = req.contextValues.get(requestFault);
    if (!req.stream) {
      throwFirst(fault, check.violations(req.method.input, req.message));
      return next(req);
    }
    if (fault !== undefined) throw fault;
    return next({ ...req, message: checkEach(req.message, (m) => check.violations(req.method.input, m)) });
  };
}

function createCheck() {
  const validator = createValidator();
  const violations = (desc: DescMessage, message: Message): FieldViolation[] => {
    const result = validator.validate(desc, message);
    if (result.kind === "error") throw result.error;
    if (result.kind === "valid") return [];
    return result.violations.map((v) => ({ field: pathToString(v.field), description: v.message }));
  };
  const warm = (method: DescMethod) => violations(method.input, create(method.input));
  return { violations, warm };
}

function throwFirst(fault: ConnectError | undefined, found: readonly FieldViolation[]): void {
  if (fault === undefined) {
    if (found.length > 0) throw badRequest(found);
    return;
  }
  const known = fault.findDetails(BadRequestSchema).flatMap((d) => d.fieldViolations);
  if (known.length === 0) throw fault;
  // A field that could not be decoded is missing from the message: what the rules say of it, or of what holds it, is
  // not to be trusted.
  const trusted = found.filter((v) => !known.some((k) => covers(k.field, v.field) || covers(v.field, k.field)));
  throw badRequest([...known, ...trusted], fault.cause);
}

/** Whether the path is that of the holder or leads on from it. */
function covers(holder: string, path: string): boolean {
  return holder === "" || (path.startsWith(holder) && ["", ".", "["].includes(path.charAt(holder.length)));
}

async function* checkEach<T>(messages: AsyncIterable<T>, violations: (message: T) => readonly FieldViolation[]) {
  for await (const message of messages) {
    const found = violations(message);
    if (found.length > 0) throw badRequest(found);
    yield message;
  }
}
