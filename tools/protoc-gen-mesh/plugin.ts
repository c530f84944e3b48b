import { create } from "@bufbuild/protobuf";
import {
  type CodeGeneratorRequest,
  type CodeGeneratorResponse,
  CodeGeneratorResponseSchema,
  Edition,
  CodeGeneratorResponse_Feature as Feature,
} from "@bufbuild/protobuf/wkt";
import type { Plugin } from "@bufbuild/protoplugin";
import { faultText } from "./contract.ts";
import { contradictions } from "./contradictions.ts";
import type { GeneratedFile } from "./generated-file.ts";
import { istioFiles } from "./istio/files.ts";
import { objectivesFile } from "./objectives.ts";
import { readOptions } from "./options.ts";
import { policiesFiles } from "./policies.ts";
import { readContract } from "./read-contract.ts";
import { sloFiles } from "./slo/files.ts";

/**
 * Writes mesh/policies.js with its types, mesh/objectives.json, slo/*.yaml, and istio/*.yaml; nothing for contracts without workloads. The request must
 * have all contracts of the mesh (in buf.gen.yaml: `strategy: all`). If they contradict each other, the response is an error that lists every
 * contradiction with its file and line.
 */
export const meshPlugin: Plugin = {
  name: "protoc-gen-mesh",
  version: "v1",
  run(request: CodeGeneratorRequest): CodeGeneratorResponse {
    const options = readOptions(request.parameter);
    const { workloads, faults } = readContract(request);
    const found = [...faults, ...contradictions(workloads, options)];
    const files = found.length > 0 ? [] : generate();
    return create(CodeGeneratorResponseSchema, {
      supportedFeatures: BigInt(Feature.PROTO3_OPTIONAL | Feature.SUPPORTS_EDITIONS),
      minimumEdition: Edition.EDITION_PROTO2,
      maximumEdition: Edition.EDITION_2024,
      error: found.length > 0 ? `the contracts contradict themselves\n${found.map(faultText).join("\n")}` : undefined,
      file: files,
    });

    function generate(): GeneratedFile[] {
      if (workloads.length === 0) return [];
      return [
        ...policiesFiles(workloads),
        objectivesFile(workloads),
        ...sloFiles(workloads),
        ...istioFiles(workloads, options),
      ];
    }
  },
};
