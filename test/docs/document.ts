// A Markdown document, in the parts that tests compare with the tree.
import { readFileSync } from "node:fs";

export type CodeBlock = { readonly language: string; readonly text: string };

export type Document = {
  /** Its path from the root. */
  readonly path: string;
  /** The names by which links reach its headings, as GitHub makes them. */
  readonly anchors: ReadonlySet<string>;
  /** Targets of its links. */
  readonly links: readonly string[];
  /** What stands between backticks in its text. */
  readonly code: readonly string[];
  readonly blocks: readonly CodeBlock[];
  /** The commands of its shell blocks, without comments. */
  readonly commands: readonly string[];
};

const BLOCK = /^```(\w*)\n(.*?)^```$/gms;

export function readDocument(path: string): Document {
  const source = readFileSync(path, "utf8");
  const blocks = [...source.matchAll(BLOCK)].map(([, language = "", text = ""]) => ({ language, text }));
  const prose = source.replace(BLOCK, "");
  return {
    path,
    anchors: anchorsOf(prose),
    links: [...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => target),
    code: [...prose.matchAll(/`([^`\n]+)`/g)].map(([, text = ""]) => text),
    blocks,
    commands: blocks.filter(({ language }) => language === "sh").flatMap(({ text }) => commandsOf(text)),
  };
}

function commandsOf(text: string): string[] {
  const lines = text.split("\n").map((line) => line.replace(/(^|\s)#.*/, "").trim());
  return lines.filter((line) => line !== "");
}

function anchorsOf(prose: string): Set<string> {
  const titles = [...prose.matchAll(/^#{1,6} (.+)$/gm)].map(([, title = ""]) => title);
  const slugs = titles.map((title) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, "")
      .replaceAll(" ", "-"),
  );
  // GitHub numbers the later ones of equal headings.
  return new Set(slugs.map((slug, i) => unique(slug, slugs.slice(0, i).filter((other) => other === slug).length)));
}

const unique = (slug: string, earlier: number): string => (earlier === 0 ? slug : `${slug}-${earlier}`);
