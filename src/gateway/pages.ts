// The shop's page at "/", the console at "/console", and what it has to know about this gateway.
import { extname } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import type { SettingsReader } from "../environment.ts";
import type { Page } from "../rpc/rest/pages.ts";
import { type BuiltFile, builtPages } from "./built-pages.ts";

export type PageSettings = {
  /** Whether there is the shop's page. */
  readonly isShown: boolean;
  /** Where somebody sees a trace, with {trace_id} in place of its id; undefined: nowhere. */
  readonly traceUrl: string | undefined;
  /** Where it sends its spans, by OTLP over HTTP; undefined: it makes none. */
  readonly tracesUrl: string | undefined;
  /** Whether there is a console as well. */
  readonly console: boolean;
};

const TRACE_ID = "{trace_id}";
const CONTENT_TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};
/** What is built for one page alone. */
const OF_SHOP = /^index\.html$|^assets\/shop-/;
const OF_CONSOLE = /^console\/|^assets\/console-/;
/** What a page reads its settings from: `<meta name="gateway" content="">`. */
const SETTINGS_OF_PAGE = 'name="gateway" content=""';

/** SHOP_PAGE, TRACE_URL, PAGE_TRACES_URL and CONSOLE. */
export function pageSettings(read: SettingsReader): PageSettings {
  const wanted = `must be a http: or https: URL with ${TRACE_ID} in it`;
  return {
    isShown: read.flag("SHOP_PAGE") ?? true,
    traceUrl: read.accepted(
      "TRACE_URL",
      wanted,
      (url) => /^https?:\/\/[^\s"'<>]+$/.test(url) && url.includes(TRACE_ID),
    ),
    tracesUrl: read.openUrl("PAGE_TRACES_URL"),
    console: read.flag("CONSOLE") ?? false,
  };
}

/** The files of the pages that are shown, if they were built. */
export function pagesOf({ isShown, ...told }: PageSettings): Page[] {
  if (!isShown && !told.console) return [];
  return builtPages()
    .filter(({ path }) => (isShown || !OF_SHOP.test(path)) && (told.console || !OF_CONSOLE.test(path)))
    .map((file) => pageOf(file, told));
}

function pageOf({ path, gzip }: BuiltFile, settings: Omit<PageSettings, "isShown">): Page {
  const kind = extname(path);
  const contentType = CONTENT_TYPES[kind];
  if (contentType === undefined) throw new Error(`nobody knows the content type of ${path}`);
  if (kind !== ".html") return { path: `/${path}`, contentType, gzip, isImmutable: true };
  const url = `/${path}`.replace(/\/?index\.html$/, "") || "/";
  const told = JSON.stringify(settings).replaceAll("&", "&amp;").replaceAll('"', "&quot;").replaceAll("<", "&lt;");
  const html = gunzipSync(gzip)
    .toString()
    .replace(SETTINGS_OF_PAGE, () => `name="gateway" content="${told}"`);
  const { tracesUrl } = settings;
  const calls = tracesUrl === undefined ? [] : [new URL(tracesUrl).origin];
  return { path: url, contentType, gzip: gzipSync(html), calls };
}
