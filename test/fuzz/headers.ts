// Header fields that a request may come with, right and wrong.
import type { Chance } from "./chance.ts";

type Field = readonly [string, string];

const TIMEOUTS = [
  "0n",
  "1n",
  "1u",
  "1m",
  "5m",
  "20m",
  "1S",
  "99999999H",
  "",
  "1",
  "m",
  "-1S",
  "1.5S",
  "123456789m",
  "1m, 2m",
  "é",
];
const TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

const VALUES: Readonly<Record<string, readonly string[]>> = {
  "grpc-timeout": TIMEOUTS,
  "connect-timeout-ms": ["0", "1", "5", "-1", "1.5", "abc", "99999999999", "9999999999", "", " 1 "],
  "connect-protocol-version": ["1", "2", "", "x"],
  "grpc-encoding": ["gzip", "identity", "deflate", "br", "", "gzip, gzip", "GZIP"],
  "content-encoding": ["gzip", "identity", "deflate", "br", "zstd", "", "gzip, gzip"],
  "connect-content-encoding": ["gzip", "identity", "br", ""],
  "grpc-accept-encoding": ["gzip", "identity,gzip", ",,,", "br", "gzip;q=0"],
  "accept-encoding": ["gzip", "*", "br;q=1, gzip;q=0", ";;q=", "gzip;q=x"],
  "content-type": [
    "application/grpc",
    "application/grpc+proto",
    "application/grpc+json",
    "application/grpc;charset=x",
    "application/grpc-web-text",
    "application/grpc-web+proto",
    "application/json; charset=utf-8",
    "application/json; charset=utf-16",
    "application/proto",
    "application/connect+proto",
    "application/connect+json",
    "APPLICATION/JSON",
    "text/plain",
    "multipart/form-data; boundary=",
    "application/x-www-form-urlencoded",
    "",
    ";",
    "a/b/c",
  ],
  "content-length": ["0", "1", "5", "99999", "4294967296", "99999999999999999999", "-1", "abc", "0x10", "1,1"],
  traceparent: [TRACE, TRACE.replace("00-", "ff-"), TRACE.toUpperCase(), "00-0-0-0", "x", `${TRACE}-more`, ""],
  tracestate: ["a=b", ",".repeat(600), "=".repeat(50), Array.from({ length: 100 }, (_, i) => `k${i}=v`).join(",")],
  baggage: ["canary=true", "a=b;c;d=%", "%ff=%00", "a=".repeat(2000), ",,,=,;", "canary=%E0%A4%A"],
  te: ["trailers", "gzip", "", "trailers, deflate"],
  accept: ["*/*", "application/json", "text/html;q=0.1", ";;;", "application/xml"],
  origin: ["https://shop.example", "null", "é", "javascript:alert(1)"],
  "access-control-request-method": ["POST", "DELETE", "é", ""],
  "access-control-request-headers": ["content-type", ",,,", "x".repeat(3000)],
  "x-http-method-override": ["DELETE", "é"],
  "x-data-bin": ["AAEC", "AAE", "!!!!", "=", "AAEC,AAEC", "é"],
  "x-envoy-expected-rq-timeout-ms": ["1", "x"],
  "grpc-status": ["0", "13"],
  "idempotency-key": ["fuzz-1", "", "é", "a".repeat(129)],
  "user-agent": ["", "grpc-go/1.0", "x".repeat(8000), "\u0001"],
  authorization: ["Bearer x", "Basic :", "é"],
  cookie: ["a=b", ";".repeat(100)],
  range: ["bytes=0-1", "bytes=-"],
  "if-none-match": ["*", '"x"'],
  priority: ["u=1", "u=9, i"],
};
const NAMES = Object.keys(VALUES);

/** The fields, with some added, exchanged, doubled or left out. */
export function mutatedFields(fields: readonly Field[], chance: Chance): Field[] {
  const result = [...fields];
  for (let i = chance.few(3); i >= 0; i--) {
    const name = chance.pick(NAMES);
    const field: Field = [name, chance.pick(VALUES[name]!)];
    const at = result.findIndex(([n]) => n === name);
    switch (chance.int(6)) {
      case 0:
        if (result.length > 0) result.splice(chance.int(result.length), 1);
        break;
      case 1:
        if (result.length > 0) result.push(chance.pick(result));
        break;
      case 2:
        result.push(oddField(chance));
        break;
      default:
        if (at >= 0 && chance.maybe(0.8)) result[at] = field;
        else result.push(field);
    }
  }
  return result;
}

function oddField(chance: Chance): Field {
  switch (chance.int(6)) {
    case 0:
      return [`x-${chance.int(100)}`, "v".repeat(chance.few(20_000))];
    case 1:
      return [chance.text(), "v"];
    case 2:
      return ["x-odd", chance.text()];
    case 3:
      return [
        chance.pick(["connection", "keep-alive", "transfer-encoding", "upgrade", "host", "proxy-connection"]),
        "x",
      ];
    case 4:
      return [chance.pick(["__proto__", "constructor", "tostring", "hasownproperty", ":status", ":path", ""]), "x"];
    default:
      return ["x-odd-bin", chance.bytes(chance.few(100)).toString(chance.pick(["base64", "base64url", "latin1"]))];
  }
}
