// Header compression by the examples of RFC 7541, appendix C.
import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { HeaderDecoder } from "../../src/http2/hpack/decoder.ts";

const REQUEST = [":method", "GET", ":scheme", "http", ":path", "/", ":authority", "www.example.com"];
const REQUESTS = [
  REQUEST,
  [...REQUEST, "cache-control", "no-cache"],
  [
    ...[":method", "GET", ":scheme", "https", ":path", "/index.html", ":authority", "www.example.com"],
    ...["custom-key", "custom-value"],
  ],
];
const RESPONSE = [
  ...[":status", "302", "cache-control", "private", "date", "Mon, 21 Oct 2013 20:13:21 GMT"],
  ...["location", "https://www.example.com"],
];
const COOKIE = "foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1";
const RESPONSES = [
  RESPONSE,
  [":status", "307", ...RESPONSE.slice(2)],
  [
    ...[":status", "200", "cache-control", "private", "date", "Mon, 21 Oct 2013 20:13:22 GMT"],
    ...["location", "https://www.example.com", "content-encoding", "gzip", "set-cookie", COOKIE],
  ],
];

describe("the examples of RFC 7541", () => {
  const table256 = "3fe101";

  it("C.2: single fields", () => {
    check(["400a637573746f6d2d6b65790d637573746f6d2d686561646572"], [["custom-key", "custom-header"]]);
    check(["040c2f73616d706c652f70617468"], [[":path", "/sample/path"]]);
    check(["100870617373776f726406736563726574"], [["password", "secret"]]);
    check(["82"], [[":method", "GET"]]);
  });

  it("C.3: requests without Huffman code", () => {
    check(
      [
        "828684410f7777772e6578616d706c652e636f6d",
        "828684be58086e6f2d6361636865",
        "828785bf400a637573746f6d2d6b65790c637573746f6d2d76616c7565",
      ],
      REQUESTS,
    );
  });

  it("C.4: requests with Huffman code", () => {
    check(
      [
        "828684418cf1e3c2e5f23a6ba0ab90f4ff",
        "828684be5886a8eb10649cbf",
        "828785bf408825a849e95ba97d7f8925a849e95bb8e8b4bf",
      ],
      REQUESTS,
    );
  });

  it("C.5: responses without Huffman code, with eviction", () => {
    check(
      [
        `${table256}4803333032580770726976617465611d4d6f6e2c203231204f637420323031332032303a31333a323120474d546e1768747470733a2f2f7777772e6578616d706c652e636f6d`,
        "4803333037c1c0bf",
        "88c1611d4d6f6e2c203231204f637420323031332032303a31333a323220474d54c05a04677a69707738666f6f3d4153444a4b48514b425a584f5157454f50495541585157454f49553b206d61782d6167653d333630303b2076657273696f6e3d31",
      ],
      RESPONSES,
    );
  });

  it("C.6: responses with Huffman code, with eviction", () => {
    check(
      [
        `${table256}488264025885aec3771a4b6196d07abe941054d444a8200595040b8166e082a62d1bff6e919d29ad171863c78f0b97c8e9ae82ae43d3`,
        "4883640effc1c0bf",
        "88c16196d07abe941054d444a8200595040b8166e084a62d1bffc05a839bd9ab77ad94e7821dd7f2e6c7b335dfdfcd5b3960d5af27087f3672c1ab270fb5291f9587316065c003ed4ee5b1063d5007",
      ],
      RESPONSES,
    );
  });
});

/** Each block of a connection becomes the list at the same place. */
function check(blocks: readonly string[], lists: readonly (readonly string[])[]): void {
  const decoder = new HeaderDecoder(4096);
  for (const [i, hex] of blocks.entries()) {
    const block = Buffer.from(hex, "hex");
    const fields: string[] = [];
    decoder.decode(block, 0, block.length, fields, 1000);
    assert.deepEqual(fields, lists[i]);
    assert.equal(decoder.listBytes, fields.join("").length + 16 * fields.length);
    assert.equal(decoder.wellFormed, true);
  }
}
