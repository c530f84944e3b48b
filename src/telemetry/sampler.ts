import { diag, TraceFlags } from "@opentelemetry/api";
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  type Sampler,
  SamplingDecision,
  TraceIdRatioBasedSampler,
} from "@opentelemetry/sdk-trace-node";
import { decidingForStrangers } from "./strangers.ts";

/**
 * The sampler that OTEL_TRACES_SAMPLER names; default: parentbased_traceidratio. `ratio` is the share of new traces that are recorded, from
 * 0 to 1; it comes from OTEL_TRACES_SAMPLER_ARG, through the settings. A root span with a link to a sampled span is sampled wherever a child
 * of that span would be.
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
      return parentBased(new AlwaysOnSampler());
    case "parentbased_always_off":
      return parentBased(new AlwaysOffSampler());
    case undefined:
    case "":
    case "parentbased_traceidratio":
      break;
    default:
      diag.error(`OTEL_TRACES_SAMPLER "${name}" is unknown; parentbased_traceidratio is used`);
  }
  return parentBased(new TraceIdRatioBasedSampler(ratio));
}

const parentBased = (root: Sampler): Sampler => new ParentBasedSampler({ root: followingLinks(root) });

/** For root spans. What continues a trace that is recorded would be of no use if it were missing. */
function followingLinks(sampler: Sampler): Sampler {
  return {
    shouldSample(context, traceId, name, kind, attributes, links) {
      const follows = links.some((link) => (link.context.traceFlags & TraceFlags.SAMPLED) !== 0);
      if (follows) return { decision: SamplingDecision.RECORD_AND_SAMPLED };
      return sampler.shouldSample(context, traceId, name, kind, attributes, links);
    },
    toString: () => `FollowingLinks{${sampler.toString()}}`,
  };
}
