/** A part of a tutorial that something is to be done with, in the order of the text. */
export type Step =
  | { readonly kind: "command"; readonly line: string; readonly answer: string | undefined }
  | { readonly kind: "diff"; readonly text: string }
  | { readonly kind: "file"; readonly path: string; readonly text: string };

const BLOCK = /^```(\w+)\n(.*?)^```$/gms;

/** The steps of a Markdown text: commands, with the JSON that is shown behind them; diffs; files, whose path stands before their text. */
export function stepsOf(markdown: string): Step[] {
  const blocks = [...markdown.matchAll(BLOCK)].map(({ index, 1: language, 2: text = "" }) => ({
    index,
    language,
    text,
  }));
  return blocks.flatMap(({ index, language, text }, i): Step[] => {
    const next = blocks[i + 1];
    if (language === "sh") {
      const lines = text.trim().split("\n");
      const answer = next?.language === "json" && lines.length === 1 ? next.text.trim() : undefined;
      return lines.map((line) => ({ kind: "command", line, answer }));
    }
    if (language === "diff") return [{ kind: "diff", text }];
    if (language === "ts") return [{ kind: "file", path: pathBefore(markdown.slice(0, index)), text }];
    return [];
  });
}

function pathBefore(text: string): string {
  const path = /`([\w./-]+)`\s*$/.exec(text)?.[1];
  if (path === undefined) throw new Error(`no path stands before a file: ${text.slice(-80)}`);
  return path;
}
