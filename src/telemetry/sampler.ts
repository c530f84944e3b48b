import { diag } from "@opentelemetry/api";
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  type Sampler,
  TraceIdRatioBasedSampler,
} from "@opentelemetry/sdk-trace-node";
import { decidingForStrangers } from "./strangers.ts";

/**
 * The sampler that OTEL_TRACES_SAMPLER names; default: parentbased_traceidratio. `ratio` is the share of new traces that are recorded, from
 * 0 to 1; it comes from OTEL_TRACES_SAMPLER_ARG, through the settings.
 */
export function createSampler(ratio: number, name = process.env.OTEL_TRACES_SAMPLER): Sampler {
  return decidingForStrangers(samplerOf(name, ratio));
}

function samplerOf(name: string | undefined, ratio: number): Sampler {
  switch (name) {
    case "always_on":
      return new AlwaysOnSampler();
    case "always_off":
      return new AlwaysOffSampler();
    case "traceidratio":
      return new TraceIdRatioBasedSampler(ratio);
    case "parentbased_always_on":
      return new ParentBasedSampler({ root: new AlwaysOnSampler() });
    case "parentbased_always_off":
      return new ParentBasedSampler({ root: new AlwaysOffSampler() });
    case undefined:
    case "":
    case "parentbased_traceidratio":
      break;
    default:
      diag.error(`OTEL_TRACES_SAMPLER "${name}" is unknown; parentbased_traceidratio is used`);
  }
  return new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(ratio) });
}
