// protoc-gen-mesh: a protoc plugin that reads the policies of the contracts (proto/mesh/v1/policy.proto) and writes what clients, servers
// and Istio obey. buf.gen.yaml runs it.
import { runNodeJs } from "@bufbuild/protoplugin";
import { meshPlugin } from "./plugin.ts";

runNodeJs(meshPlugin);
