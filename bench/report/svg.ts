// What the pictures have in common. They must read on a light and a dark page, without scripts or fonts.

export const OURS = { fill: "#0b7285", inner: "#084c58" };
export const OTHERS = { fill: "#adb5bd", inner: "#6c757d" };

export type Frame = {
  readonly width: number;
  readonly height: number;
  readonly title: string;
  /** For who cannot see it. */
  readonly description: string;
};

/** A picture with its title and these elements, as a file. */
export function frame({ width, height, title, description }: Frame, elements: readonly string[]): string {
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" font-family="system-ui, sans-serif" font-size="13" fill="#212529">`,
    `<title>${escaped(title)}: ${escaped(description)}</title>`,
    `<rect width="${width}" height="${height}" rx="6" fill="#ffffff"/>`,
    `<text x="16" y="24" font-size="15" font-weight="600">${escaped(title)}</text>`,
    ...elements,
    "</svg>",
  ].join("\n")}\n`;
}

export const round = (value: number): number => Math.round(value * 10) / 10;

export const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
