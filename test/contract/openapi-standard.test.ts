import assert from "node:assert/strict";
import { Validator } from "@seriousme/openapi-schema-validator";
import { ShopService } from "../../gen/shop/gateway/v1/shop_service_pb.js";
import { openApiDocument } from "../../src/rpc/rest/openapi.ts";
import { LibraryService } from "../gen/library/v1/library_pb.js";

describe("the OpenAPI document", () => {
  it("is valid by the schema of OpenAPI 3.1", async () => {
    const document = openApiDocument([ShopService, LibraryService], {
      title: "Shop",
      version: "1",
      needsToken: ({ name }) => name === "GetUser",
    });
    const validator = new Validator();
    const { valid, errors } = await validator.validate(document);
    assert.deepEqual({ valid, errors, version: validator.version }, { valid: true, errors: undefined, version: "3.1" });
  });
});
