/** A small contract without contradictions: the edge calls Front, whose Ask calls Back. */
export const SAMPLE = `syntax = "proto3";
package sample;
import "google/api/annotations.proto";
import "mesh/v1/policy.proto";

service Front {
  option (mesh.v1.workload) = {name: "front" port: 8001};
  rpc Ask(Question) returns (Answer) {
    option idempotency_level = NO_SIDE_EFFECTS;
    option (mesh.v1.policy) = {
      timeout: {seconds: 2}
      retry: {attempts: 2}
      callers: ["edge"]
      calls: ["sample.Back.Read", "sample.Back.Write"]
      objective: {availability: 0.99 latency: {nanos: 250000000} latency_ratio: 0.9}
    };
    option (google.api.http) = {get: "/ask/{id}"};
  }
}

service Back {
  option (mesh.v1.workload) = {name: "back" port: 8002};
  rpc Read(Question) returns (Answer) {
    option idempotency_level = NO_SIDE_EFFECTS;
    option (mesh.v1.policy) = {timeout: {nanos: 250000000} retry: {attempts: 3 codes: ["UNAVAILABLE", "RESOURCE_EXHAUSTED"]} callers: ["front"]};
  }
  rpc Write(Question) returns (Answer) {
    option (mesh.v1.policy) = {timeout: {seconds: 1} callers: ["front"]};
  }
  rpc Watch(Question) returns (stream Answer) {
    option (mesh.v1.policy) = {};
  }
}

message Question { string id = 1; }
message Answer {}
`;

/** The sample under another package, with one change. Throws if there is nothing to change. */
export function sampleWith(packageName: string, from: string, to: string): string {
  if (!SAMPLE.includes(from)) throw new Error(`the sample has no ${from}`);
  return SAMPLE.replace(from, to).replaceAll("sample", packageName);
}

/** The number of the first line that has the text. */
export function lineOf(source: string, text: string): number {
  const line = source.split("\n").findIndex((l) => l.includes(text));
  if (line < 0) throw new Error(`no line has ${text}`);
  return line + 1;
}
