// What a SERVER span tells of its request beside its endpoint. Made only for spans that are recorded; too various for metrics.
import type { Attributes } from "@opentelemetry/api";
import {
  ATTR_CLIENT_ADDRESS,
  ATTR_NETWORK_PEER_ADDRESS,
  ATTR_NETWORK_PEER_PORT,
  ATTR_NETWORK_PROTOCOL_NAME,
  ATTR_NETWORK_PROTOCOL_VERSION,
  ATTR_SERVER_ADDRESS,
  ATTR_SERVER_PORT,
  ATTR_URL_PATH,
  ATTR_USER_AGENT_ORIGINAL,
} from "@opentelemetry/semantic-conventions";
import { cutText } from "../../telemetry/redaction.ts";
import type { ConnectionInfo } from "../connection-info.ts";
import { ATTR_PREVIOUS_ATTEMPTS, type HeaderReader, previousAttempts } from "./previous-attempts.ts";

/** Clients choose the values. */
const MAX_CHARS = 256;
const MAX_PATH_CHARS = 2048;

export type RequestFacts = {
  /** The host, with its port if it has one, that the client wants to talk to. */
  readonly authority: string;
  readonly connection: ConnectionInfo | undefined;
  /** The path of an HTTP request that is no RPC, without the query. */
  readonly path: string | undefined;
};

/** With trustProxy, a proxy in front says in x-forwarded-for who the client is. */
export function requestAttributesOf(
  header: HeaderReader,
  { authority, connection, path }: RequestFacts,
  trustProxy: boolean,
): Attributes {
  const { peerAddress, peerPort, localPort, httpVersion } = connection ?? {};
  const [host, port] = splitAuthority(authority);
  const attributes: Attributes = {
    [ATTR_SERVER_ADDRESS]: host,
    [ATTR_SERVER_PORT]: port ?? localPort,
    [ATTR_CLIENT_ADDRESS]: (trustProxy ? forwardedFor(header) : undefined) ?? peerAddress,
    [ATTR_NETWORK_PEER_ADDRESS]: peerAddress,
    [ATTR_NETWORK_PEER_PORT]: peerPort,
    [ATTR_NETWORK_PROTOCOL_NAME]: "http",
    [ATTR_NETWORK_PROTOCOL_VERSION]: httpVersion,
    [ATTR_URL_PATH]: cut(path, MAX_PATH_CHARS),
    [ATTR_USER_AGENT_ORIGINAL]: cut(header.get("user-agent"), MAX_CHARS),
  };
  const attempts = previousAttempts(header);
  if (attempts > 0) attributes[ATTR_PREVIOUS_ATTEMPTS] = attempts;
  return attributes;
}

/** The host and port of "host:port", "[::1]:port" or "host". */
function splitAuthority(authority: string): [host: string | undefined, port: number | undefined] {
  const [, bracketed, name, port] =
    /^(?:\[([^\]]*)\]|([^:]*))(?::(\d{1,5}))?$/.exec(authority.slice(0, MAX_CHARS)) ?? [];
  return [bracketed || name || undefined, port === undefined ? undefined : Number(port)];
}

/** The address that the nearest trusted proxy has added last is the one that nobody could forge. */
function forwardedFor(header: HeaderReader): string | undefined {
  return header.get("x-forwarded-for")?.split(",").at(-1)?.trim().slice(0, MAX_CHARS) || undefined;
}

const cut = (text: string | null | undefined, maxChars: number): string | undefined =>
  text ? cutText(text, maxChars) : undefined;
