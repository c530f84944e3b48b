import { once } from "node:events";
import type { WriteStream } from "node:tty";
import { styleText } from "node:util";

const COLOURS = ["cyan", "yellow", "magenta", "green", "blue"] as const;

export type Style = "bold" | "dim" | "red" | (typeof COLOURS)[number];

export interface Printer {
  /** Writes a line. Resolves when there is room for the next, so that a slow terminal slows its writers down. */
  line(text?: string): Promise<void>;
  /** The text in this style on a terminal, plain elsewhere. Respects NO_COLOR and FORCE_COLOR. */
  style(style: Style, text: string): string;
  /** The name and a bar, padded to the widest name, in the name's own colour. */
  prefix(name: string): string;
}

/** A printer to out. `names` are all names that prefix() will be asked for. */
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

/** Rows as aligned columns. The first row is the heading. */
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
