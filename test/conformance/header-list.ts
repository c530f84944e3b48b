import { create } from "@bufbuild/protobuf";
import { type Header, HeaderSchema } from "../../.cache/conformance/gen/connectrpc/conformance/v1/service_pb.js";

/** Headers as the suite's messages hold them. A Headers object joins the values of one name; here they are apart again. */
export function toHeaderList(headers: Headers): Header[] {
  return [...headers].map(([name, joined]) => create(HeaderSchema, { name, value: joined.split(/,\s*/) }));
}
