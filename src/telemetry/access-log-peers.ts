import { LRUCache } from "lru-cache";
import { attributeBytes } from "./access-log-bytes.ts";
import { redactText } from "./redaction.ts";

/** A peer in the forms in which lines need it. */
export type KnownPeer = {
  /** Redacted. */
  readonly text: string;
  /** The member of a line's JSON, with a comma before it. */
  readonly json: string;
  /** The attribute of a record. */
  readonly bytes: Uint8Array;
};

/** Callers are few and call again and again, but strangers choose some of their names. */
const peers = new LRUCache<string, KnownPeer>({ max: 200 });
/** Longer ones are not kept, so that what is kept is bounded. */
const MAX_KEPT_CHARS = 256;

export function knownPeer(peer: string): KnownPeer {
  let known = peers.get(peer);
  if (known === undefined) {
    const text = redactText(peer);
    known = { text, json: `,"peer":${JSON.stringify(text)}`, bytes: attributeBytes("peer", text) };
    if (peer.length <= MAX_KEPT_CHARS) peers.set(peer, known);
  }
  return known;
}
