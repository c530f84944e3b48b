// The limits of the contracts leave room for the largest request that the contracts allow.
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { create, fromJson, toBinary } from "@bufbuild/protobuf";
import { createValidator } from "@bufbuild/protovalidate";
import { policies } from "../../gen/mesh/policies.js";
import { PolicySchema } from "../../gen/mesh/v1/policy_pb.js";
import { pathOf } from "../support/h2-frames.ts";
import { largestMessage } from "../support/largest-request.ts";
import { METHODS } from "./support/shop-contract.ts";

/** As serializers write it that keep to ASCII: a character of four bytes becomes twelve. */
function ascii(json: string): string {
  return json.replace(/[^\x20-\x7e\n]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

describe("the limits of requests", () => {
  for (const method of METHODS) {
    it(`leave room for whatever ${method.toString()} may be asked`, () => {
      const largest = largestMessage(method.input);
      const { maxRequestBytes } = policies[method.parent.typeName]!.methods[pathOf(method)]!;
      const text = ascii(JSON.stringify(largest, undefined, 2));
      assert.ok(Buffer.byteLength(text) <= maxRequestBytes, `${Buffer.byteLength(text)} bytes > ${maxRequestBytes}`);
      const binary = toBinary(method.input, fromJson(method.input, largest));
      assert.ok(binary.length <= maxRequestBytes, `${binary.length} bytes > ${maxRequestBytes}`);
    });
  }

  it("are from 64 bytes to 4 MiB, or the default", () => {
    const validator = createValidator();
    const isValid = (maxRequestBytes: number) =>
      validator.validate(PolicySchema, create(PolicySchema, { maxRequestBytes })).kind === "valid";
    const allowed = [0, 63, 64, 4 * 1024 * 1024, 4 * 1024 * 1024 + 1].filter(isValid);
    assert.deepEqual(allowed, [0, 64, 4 * 1024 * 1024]);
  });
});
