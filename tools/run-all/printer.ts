import { once } from "node:events";
import type { WriteStream } from "node:tty";
import { styleText } from "node:util";

const COLOURS = ["cyan", "yellow", "magenta", "green", "blue"] as const;

export type Style = "bold" | "dim" | "red" | (typeof COLOURS)[number];

export interface Printer {
  /** Writes a line; resolves when there is room for the next, so that a slow terminal slows who writes to it. */
  line(text?: string): Promise<void>;
  /** The text in this style on a terminal (NO_COLOR and FORCE_COLOR are heeded), the plain text elsewhere. */
  style(style: Style, text: string): string;
  /** `name | `, all as wide as the widest, each in a colour of its own. */
  prefix(name: string): string;
}

/** Prints lines to out; names are those that will be prefixes. */
export function createPrinter(out: WriteStream, names: readonly string[]): Printer {
  const width = Math.max(...names.map((name) => name.length));
  const style = (style: Style, text: string) => styleText(style, text, { stream: out });
  let room: Promise<unknown> | undefined;
  return {
    async line(text = "") {
      if (!out.write(`${text}\n`)) {
        room ??= once(out, "drain").finally(() => {
          room = undefined;
        });
      }
      await room;
    },
    style,
    prefix(name) {
      const colour = COLOURS[names.indexOf(name) % COLOURS.length] ?? "dim";
      return style(colour, `${name.padEnd(width)} |`);
    },
  };
}

/** The rows as aligned columns, the first row as the head. */
export function table(rows: readonly (readonly string[])[], style: Printer["style"]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map(
    (row) =>
      `  ${row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("   ")
        .trimEnd()}`,
  );
  return lines.map((line, i) => (i === 0 ? style("bold", line) : line));
}
