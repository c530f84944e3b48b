// What clients see of what handlers throw and peers answer.
import assert from "node:assert/strict";
import { Code, ConnectError } from "@connectrpc/connect";
import { ErrorInfoSchema } from "../../gen/google/rpc/error_details_pb.js";
import { PayloadSchema } from "../gen/probe/v1/probe_pb.js";
import { type ErrorChain, PEER_AWAY, type Shown, StorageDown, startErrorChain } from "../support/error-chain.ts";
import { testOutcomes } from "../support/test-outcomes.ts";

const INTERNAL: Shown = { code: Code.Internal, message: "internal error" };

describe("error mapping", () => {
  let chain: ErrorChain;
  before(async () => {
    chain = await startErrorChain();
  });
  beforeEach(() => chain.reset());
  after(() => chain.close());

  it("passes the ConnectErrors of the process", async () => {
    chain.atFront = () => {
      throw new ConnectError("not yours", Code.PermissionDenied);
    };
    assert.deepEqual(await chain.shown(), { code: Code.PermissionDenied, message: "not yours" });
    chain.atFront = () => {
      throw testOutcomes.error("USER_NOT_FOUND", "there is no user 1", { user_id: "1" });
    };
    const info = { reason: "USER_NOT_FOUND", metadata: { user_id: "1" } };
    assert.deepEqual(await chain.shown(), { code: Code.NotFound, message: "there is no user 1", info });
    assert.deepEqual(chain.told, []);
  });

  it("shows nothing of errors that nobody expected, tells them, and keeps them as cause", async () => {
    const bug = new TypeError("a secret of the server");
    chain.atFront = () => {
      throw bug;
    };
    assert.deepEqual(await chain.shown(), INTERNAL);
    assert.deepEqual(chain.told, [
      [bug, "Unary"],
      [bug, "ServerStream"],
      [bug, "Unary"],
    ]);
    assert.deepEqual(chain.causes, [bug, bug]);
    for (const odd of ["text", undefined, null, { code: 5, message: "not an error" }]) {
      chain.atFront = () => {
        throw odd;
      };
      assert.deepEqual(await chain.shown(), INTERNAL);
    }
  });

  it("says that the storage is away", async () => {
    chain.atFront = () => {
      throw new StorageDown("connect ECONNREFUSED 10.0.0.1:5432");
    };
    assert.deepEqual(await chain.shown(), { code: Code.Unavailable, message: "storage is unavailable" });
    assert.deepEqual(chain.told, []);
  });

  it("relays a peer's outcome, without its metadata, with all details", async () => {
    chain.atPeer = () => {
      const error = testOutcomes.error("CARD_DECLINED", "the card was declined", { payment: "p1" });
      error.metadata.set("x-secret", "s");
      error.details.push({ desc: PayloadSchema, value: { text: "more" } });
      throw error;
    };
    const info = { reason: "CARD_DECLINED", metadata: { payment: "p1" } };
    assert.deepEqual(await chain.shown(), { code: Code.FailedPrecondition, message: "the card was declined", info });
    const error = await chain.client.unary({}).catch(ConnectError.from);
    assert.ok(error instanceof ConnectError);
    assert.deepEqual(
      error.findDetails(PayloadSchema).map((p) => p.text),
      ["more"],
    );
  });

  it("shows nothing of a peer's other errors", async () => {
    for (const code of [
      Code.NotFound,
      Code.InvalidArgument,
      Code.Unauthenticated,
      Code.Unimplemented,
      Code.Internal,
      Code.Unknown,
    ]) {
      chain.atPeer = () => {
        throw new ConnectError("a secret of the peer", code, { "x-secret": "s" });
      };
      assert.deepEqual(await chain.shown(), INTERNAL);
    }
    chain.atPeer = () => {
      const value = { reason: "USER_NOT_FOUND", domain: "elsewhere.example.com" };
      throw new ConnectError("a secret of the peer", Code.NotFound, {}, [{ desc: ErrorInfoSchema, value }]);
    };
    assert.deepEqual(await chain.shown(), INTERNAL);
  });

  it("names a peer that is overloaded, away, or that gives up", async () => {
    for (const code of [Code.Unavailable, Code.ResourceExhausted, Code.Canceled, Code.DeadlineExceeded]) {
      chain.atPeer = () => {
        throw new ConnectError("a secret of the peer", code, { "x-secret": "s" });
      };
      assert.deepEqual(await chain.shown(), PEER_AWAY, Code[code]);
    }
    assert.deepEqual(chain.told, []);
  });
});
