// What the roles serve, and a valid request to each method.
import {
  create,
  type DescField,
  type DescMessage,
  type DescMethod,
  fromJson,
  type JsonObject,
  type Message,
} from "@bufbuild/protobuf";
import { reflect } from "@bufbuild/protobuf/reflect";
import { Health } from "../../gen/grpc/health/v1/health_pb.js";
import { ServerReflection } from "../../gen/grpc/reflection/v1/reflection_pb.js";
import { ServerReflection as ServerReflectionAlpha } from "../../gen/grpc/reflection/v1alpha/reflection_pb.js";
import { type RoleName, roleNames, roles } from "../../src/roles.ts";
import type { Chance } from "./chance.ts";

/** A method of a role, or of all. */
export type Target = { readonly role: RoleName; readonly method: DescMethod };

const UUID = "01890a5d-ac96-774b-bcce-b302099a8057";
const ITEM = { productId: 1, quantity: 2, unitPrice: { minorUnits: "1999", currency: "EUR" } };

const VALID: Readonly<Record<string, (chance: Chance) => JsonObject>> = {
  "shop.gateway.v1.ShopService/GetUser": (c) => ({ id: 1 + c.int(1100) }),
  "shop.gateway.v1.ShopService/CreateOrder": (c) => ({
    userId: 1 + c.int(1100),
    items: [{ productId: 1, quantity: 1 + c.int(3), price: 29.99 }],
    currency: c.pick(["USD", "EUR", "GBP"]),
    paymentMethod: c.pick(TOKENS),
    ...(c.maybe(0.5) && { idempotencyKey: `fuzz-${c.int(1000)}` }),
  }),
  "shop.user.v1.UserService/GetUser": (c) => ({ id: 1 + c.int(1100) }),
  "shop.user.v1.UserService/BatchGetUsers": (c) => ({ ids: [1, 2 + c.int(2000)] }),
  "shop.user.v1.UserService/CreateUser": (c) => ({ name: "Fuzz", email: `fuzz${c.int(1e9)}@shop.example` }),
  "shop.user.v1.UserService/ListUsers": (c) => ({ pageSize: c.int(20) }),
  "shop.order.v1.OrderService/CreateOrder": (c) => ({
    idempotencyKey: `fuzz-${c.int(1000)}`,
    userId: 1 + c.int(1100),
    items: [ITEM],
    paymentMethod: c.pick(TOKENS),
  }),
  "shop.payment.v1.PaymentService/Charge": (c) => ({
    idempotencyKey: `fuzz-${c.int(1000)}`,
    amount: ITEM.unitPrice,
    paymentMethod: c.pick(TOKENS),
  }),
};

/** Where the table says nothing, the fields are filled by their kind and name. */
const TOKENS = ["tok_ok", "tok_ok", "tok_declined", "tok_insufficient_funds"];
const TEXTS = [
  UUID,
  "fuzz-1",
  "tok_ok",
  "EUR",
  "",
  "shop.user.v1.UserService",
  "shop/user/v1/user.proto",
  "MTo0",
  "é漢",
];
const NUMBERS = [0, 1, 2, 20, 100, 10_000, 2 ** 31 - 1];

/** A request to the method: valid, or of valid fields by chance. */
export function requestTo({ method }: Target, chance: Chance): Message {
  const valid = VALID[`${method.parent.typeName}/${method.name}`];
  return valid !== undefined && chance.maybe(0.7)
    ? fromJson(method.input, valid(chance))
    : anyOf(method.input, chance, 3);
}

function anyOf(desc: DescMessage, chance: Chance, depth: number): Message {
  const message = reflect(desc, create(desc));
  for (const member of desc.members) {
    if (chance.maybe(0.15)) continue;
    const field = member.kind === "oneof" ? chance.pick(member.fields) : member;
    if (field.fieldKind === "list") {
      const list = message.get(field);
      for (let i = chance.few(5); i >= 0; i--) list.add(anyValue(field, chance, depth));
    } else if (field.fieldKind !== "map") message.set(field, anyValue(field, chance, depth));
  }
  return message.message;
}

function anyValue(field: DescField, chance: Chance, depth: number) {
  if (field.message !== undefined) {
    return reflect(field.message, depth > 0 ? anyOf(field.message, chance, depth - 1) : create(field.message));
  }
  if (field.enum !== undefined) return chance.pick(field.enum.values).number;
  const sample =
    field.name.includes("id") || field.name.includes("key") ? chance.pick([UUID, "fuzz-1"]) : chance.pick(TEXTS);
  if (field.scalar === 9) return sample;
  if (field.scalar === 12) return chance.bytes(chance.int(20));
  if (field.scalar === 8) return chance.maybe(0.5);
  const isLong = [3, 4, 6, 16, 18].includes(field.scalar ?? 0);
  return isLong ? BigInt(chance.pick(NUMBERS)) : chance.pick(NUMBERS);
}

/** The methods of the roles' own services. */
export const SHOP: readonly Target[] = roles.flatMap(({ name: role, services }) =>
  services.flatMap(({ methods }) => methods.map((method) => ({ role, method }))),
);
export const HEALTH: readonly Target[] = roleNames.flatMap((role) =>
  Health.methods.map((method) => ({ role, method })),
);
export const REFLECTION: readonly Target[] = roleNames.flatMap((role) =>
  [...ServerReflection.methods, ...ServerReflectionAlpha.methods].map((method) => ({ role, method })),
);
