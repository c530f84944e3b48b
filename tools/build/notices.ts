import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

const LICENSE_FILE = /^(licen[cs]e|copying|notice)([.-].*)?$/i;
const RULE = "-".repeat(80);

/** The licences and notices of packages, as a text that ships with what contains them. */
export function thirdPartyNotices(packages: readonly string[]): string {
  const node =
    `The executable contains Node.js ${process.version} (MIT). Its licence, and those of what it contains, are in the file LICENSE of ` +
    "its source, https://github.com/nodejs/node.";
  return [node, ...packages.map(noticeOf)].join(`\n\n${RULE}\n\n`).concat("\n");
}

function noticeOf(folder: string): string {
  const {
    name,
    version,
    license = "licence not named",
  } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const texts = readdirSync(folder)
    .filter((file) => LICENSE_FILE.test(file))
    .sort()
    .map((file) => readFileSync(join(folder, file), "utf8").trim());
  return [`${name} ${version} (${license})`, ...texts].join("\n\n");
}
