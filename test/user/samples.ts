import { UserService } from "../../gen/shop/user/v1/user_service_pb.js";
import type { MakeSamples } from "../support/samples.ts";

const { getUser, batchGetUsers, createUser, listUsers } = UserService.method;

export const makeSamples: MakeSamples = async () => [
  { method: getUser, request: () => ({ id: 123 }) },
  { method: batchGetUsers, request: () => ({ ids: [123, 124, 99_999_999] }) },
  {
    method: createUser,
    request: (client) => ({ name: "Ada", email: `ada@${client}.example.com` }),
    varying: ["user.id", "user.email", "user.createTime"],
  },
  { method: listUsers, request: () => ({ pageSize: 2 }) },
];
