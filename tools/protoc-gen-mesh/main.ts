// protoc-gen-mesh: a protoc plugin that turns the policies in the contracts (proto/mesh/v1/policy.proto) into configuration for clients,
// servers and Istio. buf.gen.yaml runs it.
import { runNodeJs } from "@bufbuild/protoplugin";
import { meshPlugin } from "./plugin.ts";

runNodeJs(meshPlugin);
