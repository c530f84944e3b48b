// What stands between a role and its callers, by the settings: who they are, how often each may call, how many calls are served.
import type { DescMethod } from "@bufbuild/protobuf";
import type { Logger } from "winston";
import { FaultService } from "../gen/mesh/v1/fault_service_pb.js";
import { callersOf, criticalityOf, workloads } from "./contract.ts";
import type { BearersOptions } from "./rpc/interceptors/bearers.ts";
import type { CallersOf } from "./rpc/interceptors/callers.ts";
import type { HeaderReader } from "./rpc/interceptors/previous-attempts.ts";
import type { RateLimitOptions } from "./rpc/interceptors/rate-limit.ts";
import type { Strangers } from "./rpc/interceptors/served-calls.ts";
import { type Admission, createAdmission } from "./rpc/server/admission/admission.ts";
import { type CredentialFiles, credentialFiles } from "./rpc/tls/credential-files.ts";
import type { Settings } from "./settings.ts";

/** Excess is best refused at the edge, before others have worked for it: behind that, only what comes past is. */
const LEAST_CALLS = { edge: 16, inner: 64 };
const MINUTE_S = 60;
/** The only baggage that is accepted from strangers. The mesh sends calls that carry it to the canary version of a role. */
const PUBLIC_BAGGAGE = ["canary"];

/**
 * What strangers may pass on, and who decides whether a trace is recorded: the role's own page where it sends spans, for then it begins the
 * traces of its actions. A browser tells where a call comes from, and no page can change that; other programs can say what they like.
 */
export function strangersBy({ pageTracesUrl }: Settings): Strangers {
  const isOwnPage = (header: HeaderReader) => header.get("sec-fetch-site") === "same-origin";
  return { baggage: PUBLIC_BAGGAGE, decides: pageTracesUrl === undefined ? undefined : isOwnPage };
}

/** Nothing for CONCURRENCY_LIMIT=off: then everything is served, however long it takes. */
export function admissionBy(
  { concurrencyLimit }: Settings,
  at: "edge" | "inner",
  logger: Logger,
): Admission | undefined {
  if (concurrencyLimit === "off") return undefined;
  return createAdmission({
    criticalityOf,
    limit: concurrencyLimit === "adaptive" ? undefined : Number(concurrencyLimit),
    least: LEAST_CALLS[at],
    onRefused: (method, calls) =>
      logger.warn("refused calls, of which there are more than can be served", { rpc: method.toString(), calls }),
  });
}

/** The certificate of the settings' files, which may be renewed; undefined: plaintext. */
export function credentialsBy({ tls }: Settings, logger: Logger): CredentialFiles | undefined {
  return (
    tls &&
    credentialFiles(tls, {
      onRenewed: (until) => logger.info("the certificate is renewed", { valid_until: until.toISOString() }),
      onFault: (fault) => logger.error("a new certificate cannot be used; the one before stays", { fault }),
    })
  );
}

/**
 * The callers of the contract, where certificates tell who calls; undefined: everybody may call everything. To break a role on purpose is
 * for the workloads of the contract.
 */
export function callersBy({ tls }: Settings): CallersOf | undefined {
  if (tls?.ca === undefined) return undefined;
  return (method) => (method.parent.typeName === FaultService.typeName ? workloads : callersOf(method));
}

/** The bearers of good tokens, where a provider tells them; undefined: everybody may call. */
export async function bearersBy({ oidc }: Settings): Promise<(BearersOptions & { close(): void }) | undefined> {
  if (oidc === undefined) return undefined;
  const { tokenVerifier } = await import("./rpc/tokens/verifier.ts");
  return { ...tokenVerifier(oidc), isAsked: isOfContract };
}

const isOfContract = (method: DescMethod): boolean => criticalityOf(method) !== undefined;

/** How often strangers may call the RPCs of the contract, and how its counts are given up; undefined: as often as they like. */
export async function rateLimitBy(
  { rateLimitPerMinute, trustProxy, storage: { redisUrl } }: Settings,
  logger: Logger,
): Promise<(RateLimitOptions & { close(): Promise<void> }) | undefined> {
  if (rateLimitPerMinute === undefined) return undefined;
  const { memoryRateLimiter, pointsOf, rateLimiterBy, withFallback } = await import("./rpc/rate-limit/rate-limiter.ts");
  const rate = { limit: rateLimitPerMinute, seconds: MINUTE_S };
  const own = memoryRateLimiter(rate);
  const rest = { trustProxy, isCounted: isOfContract };
  if (redisUrl === undefined) return { limiter: own, ...rest, close: async () => {} };
  const { redisRateLimiter } = await import("./storage/redis-rate-limiter.ts");
  const shared = redisRateLimiter({ url: redisUrl, prefix: "rate", logger, ...pointsOf(rate) });
  return { limiter: withFallback(rateLimiterBy(shared, rate), own), ...rest, close: shared.close };
}
