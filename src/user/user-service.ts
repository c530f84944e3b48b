import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { ServiceImpl } from "@connectrpc/connect";
import type { UserService } from "../../gen/shop/user/v1/user_service_pb.js";
import { decodePageToken, encodePageToken } from "../rpc/page-token.ts";
import { userOutcomes } from "./outcomes.ts";
import type { User, UserStore } from "./user.ts";

const DEFAULT_PAGE_SIZE = 50;

/** Implements shop.user.v1.UserService with a store. */
export function userService(store: UserStore): ServiceImpl<typeof UserService> {
  return {
    async getUser({ id }, context) {
      const user = await store.get(id, context);
      if (user === undefined)
        throw userOutcomes.error("USER_NOT_FOUND", `there is no user ${id}`, { user_id: String(id) });
      return { user: toMessage(user) };
    },

    async batchGetUsers({ ids }, context) {
      const found = new Map((await store.getMany(ids, context)).map((user) => [user.id, user]));
      const users = ids.flatMap((id) => found.get(id) ?? []);
      return { users: users.map(toMessage), missingIds: ids.filter((id) => !found.has(id)) };
    },

    async createUser({ name, email }, context) {
      const result = await store.create({ name, email }, context);
      if (result.kind === "email_taken")
        throw userOutcomes.error("EMAIL_TAKEN", "another user has this e-mail address");
      return { user: toMessage(result.user) };
    },

    async listUsers({ pageSize, pageToken }, context) {
      const limit = pageSize || DEFAULT_PAGE_SIZE;
      const afterId = pageToken === "" ? 0 : Number(decodePageToken(pageToken, /^\d{1,10}$/, userOutcomes));
      const users = await store.list({ afterId, limit: limit + 1 }, context);
      const page = users.slice(0, limit);
      const last = page.at(-1);
      const nextPageToken = users.length > limit && last ? encodePageToken(String(last.id)) : "";
      return { users: page.map(toMessage), nextPageToken };
    },
  };
}

function toMessage({ id, name, email, createdAt }: User) {
  return { id, name, email, createTime: timestampFromMs(createdAt) };
}
