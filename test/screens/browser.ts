// A headless Chromium: this machine's, else Debian's.
import { type Browser, chromium, type Page } from "playwright-core";
import { debianProgram } from "../../tools/test-servers/debian-program.ts";

const SIZE = { width: 1400, height: 900 };
const CHROMIUM = {
  names: ["chromium", "chromium-browser", "google-chrome"],
  /** Beside what it depends on, Debian's needs fonts to draw text. */
  packages: ["chromium", "fonts-dejavu-core", "fontconfig-config"],
  path: "usr/lib/chromium/chromium",
};
/** A busy machine may take long for its first page. */
const START_TIMEOUT_MS = 90_000;

/** Throws if there is no Chromium, and no apt that could fetch it. */
export async function startBrowser(): Promise<Browser> {
  const program = debianProgram(CHROMIUM);
  if (program === undefined) throw new Error("There is no chromium, and no apt that could fetch it");
  return await chromium.launch({
    executablePath: program.path,
    ...(program.env && { env: program.env }),
    args: ["--no-sandbox", "--disable-dev-shm-usage"],
    timeout: START_TIMEOUT_MS,
  });
}

export type OpenPage = {
  readonly page: Page;
  /** What went wrong in it so far. */
  readonly errors: string[];
};

/** How a page is shown. Default: bright, on a wide screen. */
export type Look = {
  readonly viewport?: { readonly width: number; readonly height: number };
  readonly colorScheme?: "light" | "dark";
};

/** A page of a fixed size, in a context of its own. */
export async function newPage(
  browser: Browser,
  { viewport = SIZE, colorScheme = "light" }: Look = {},
): Promise<OpenPage> {
  const page = await browser.newPage({ viewport, colorScheme, timezoneId: "UTC" });
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(error.message));
  return { page, errors };
}
