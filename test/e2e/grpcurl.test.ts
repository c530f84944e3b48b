import { goTool } from "../../tools/go-tools.ts";
import { grpcJs, grpcurl } from "./clients.ts";
import { testSameAnswers } from "./same-answers.ts";

const BUILD_TIMEOUT_MS = 300_000;

describe("grpcurl", function () {
  this.timeout(60_000);

  before(function () {
    this.timeout(BUILD_TIMEOUT_MS);
    goTool("grpcurl");
  });

  testSameAnswers([grpcurl(), grpcJs()]);
});
