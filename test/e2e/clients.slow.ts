import { bufCurl, curl, grpcJs } from "./clients.ts";
import { testSameAnswers } from "./same-answers.ts";

describe("clients that are not ours", function () {
  this.timeout(60_000);
  testSameAnswers([bufCurl("grpc"), bufCurl("grpcweb"), bufCurl("connect"), curl(), grpcJs()]);
});
