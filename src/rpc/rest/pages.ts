// Pages for browsers, and what they load, beside the API on the same port.
import { createHash } from "node:crypto";
import { gunzipSync } from "node:zlib";
import { plainCallOf } from "../server/plain/plain-calls.ts";
import type { RestCall } from "./rest-call.ts";
import { send, writeHead } from "./send.ts";

/** A file that browsers may load. */
export type Page = {
  /** Such as "/assets/shop-4f2a.js". */
  readonly path: string;
  /** The value of its content-type. */
  readonly contentType: string;
  /** Its text, compressed. */
  readonly gzip: Buffer;
  /** Origins that it may call beside its own. Default: none. */
  readonly calls?: readonly string[];
  /** Whether the path names the content, so that it never has another. Default: browsers ask each time whether it is still the same. */
  readonly isImmutable?: boolean;
};

/**
 * A page may run and load what comes from here, call nobody else but those it says, and be framed by nobody. Only code can write into it:
 * texts that would be read as HTML are refused by the browser.
 */
const policyOf = (calls: readonly string[]): string =>
  [
    "default-src 'none'",
    ...["script", "style", "img"].map((kind) => `${kind}-src 'self'`),
    ["connect-src 'self'", ...calls].join(" "),
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; ");
const FOR_EVER = "public, max-age=31536000, immutable";
const ASK_EACH_TIME = "no-cache";

/** Serves a page: compressed for those who take gzip, and not again to those who have it. */
export function createPageCall({ path, contentType, gzip, calls = [], isImmutable = false }: Page): RestCall {
  const tag = createHash("sha256").update(gzip).digest("base64url").slice(0, 22);
  const etags = { gzip: `"${tag}-gzip"`, plain: `"${tag}"` };
  const policy = policyOf(calls);
  const route = isImmutable ? `${path.slice(0, path.lastIndexOf("/"))}/{file}` : path; // each build has others
  let plain: Buffer | undefined; // few ask for it
  return (req, res) => {
    const call = plainCallOf(req);
    if (call !== undefined) call.route = route;
    const isCompressed = takesGzip(req.headers["accept-encoding"]);
    const etag = isCompressed ? etags.gzip : etags.plain;
    const headers = {
      etag,
      "cache-control": isImmutable ? FOR_EVER : ASK_EACH_TIME,
      "content-security-policy": policy,
      "referrer-policy": "no-referrer",
      "cross-origin-opener-policy": "same-origin",
      vary: "accept-encoding, origin",
    };
    if (isKnown(req.headers["if-none-match"], etag)) {
      writeHead(req, res, 304, headers);
      res.end();
    } else if (isCompressed) {
      send(req, res, 200, contentType, gzip, { ...headers, "content-encoding": "gzip" });
    } else {
      plain ??= gunzipSync(gzip);
      send(req, res, 200, contentType, plain, headers);
    }
  };
}

/** Proxies that compress may have made the tag a weak one. */
function isKnown(known: string | undefined, etag: string): boolean {
  return (
    known !== undefined &&
    (known.trim() === "*" || known.split(",").some((tag) => tag.trim().replace(/^W\//, "") === etag))
  );
}

/** By RFC 9110: "gzip;q=0" and "identity" do not. */
function takesGzip(accepted = ""): boolean {
  const offers = new Map(
    accepted.split(",").map((offer) => {
      const [name = "", ...parameters] = offer.split(";").map((part) => part.trim().toLowerCase());
      const weight = parameters.find((parameter) => parameter.startsWith("q="))?.slice(2);
      return [name, weight === undefined ? 1 : Number(weight)] as const;
    }),
  );
  return (offers.get("gzip") ?? offers.get("x-gzip") ?? offers.get("*") ?? 0) > 0;
}
