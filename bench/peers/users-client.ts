import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { Client, credentials, Metadata } from "@grpc/grpc-js";
import {
  GetUserRequestSchema,
  type GetUserResponse,
  GetUserResponseSchema,
  UserService,
} from "../../gen/shop/user/v1/user_service_pb.js";

/** A function that gets a user by grpc-js's own client. */
export function usersClient(target: string): (id: number) => Promise<GetUserResponse> {
  const client = new Client(target, credentials.createInsecure());
  const path = `/${UserService.typeName}/${UserService.method.getUser.name}`;
  const serialize = (id: number) => Buffer.from(toBinary(GetUserRequestSchema, create(GetUserRequestSchema, { id })));
  const deserialize = (bytes: Buffer) => fromBinary(GetUserResponseSchema, bytes);
  return (id) =>
    new Promise((resolve, reject) => {
      client.makeUnaryRequest(path, serialize, deserialize, id, new Metadata(), (error, response) =>
        error ? reject(error) : resolve(response!),
      );
    });
}
