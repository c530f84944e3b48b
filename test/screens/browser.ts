// A headless Chromium: this machine's, else Debian's.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { debianPackages, librariesIn } from "../../tools/test-servers/debian-package.ts";
import { installed } from "../../tools/test-servers/installed.ts";

const SIZE = { width: 1400, height: 900 };
/** What Debian's Chromium needs beside what it depends on, to draw text. */
const PACKAGES = ["chromium", "fonts-dejavu-core", "fontconfig-config"];
/** A busy machine may take long for its first page. */
const START_TIMEOUT_MS = 90_000;

/** Throws if there is no Chromium, and no apt that could fetch it. */
export async function startBrowser(): Promise<Browser> {
  const { path, env } = chromiumProgram();
  return await chromium.launch({
    executablePath: path,
    env: { ...process.env, ...env },
    args: ["--no-sandbox", "--disable-dev-shm-usage"],
    timeout: START_TIMEOUT_MS,
  });
}

export type OpenPage = {
  readonly page: Page;
  /** What went wrong in it so far. */
  readonly errors: string[];
};

/** A page of a fixed size. */
export async function newPage(browser: Browser): Promise<OpenPage> {
  const page = await browser.newPage({ viewport: SIZE, colorScheme: "light", timezoneId: "UTC" });
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(error.message));
  return { page, errors };
}

function chromiumProgram(): { path: string; env?: Record<string, string> } {
  const path = installed("chromium", "chromium-browser", "google-chrome");
  if (path !== undefined) return { path };
  const debian = debianPackages("chromium", PACKAGES);
  const program = debian === undefined ? undefined : join(debian, "usr/lib/chromium/chromium");
  if (debian === undefined || program === undefined || !existsSync(program)) {
    throw new Error("There is no chromium, and no apt that could fetch it");
  }
  return { path: program, env: { LD_LIBRARY_PATH: librariesIn(debian) } };
}
