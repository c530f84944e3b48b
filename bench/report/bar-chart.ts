// A horizontal bar chart as SVG, of as little as a document needs.
import { escaped, frame, OTHERS, OURS, round } from "./svg.ts";

export type Bar = {
  readonly label: string;
  readonly value: number;
  /** Ends of the line over the bar. Default: no line. */
  readonly range?: readonly [from: number, to: number];
  /** Up to where the bar is darker. Default: all of it is of one colour. */
  readonly inner?: number;
  /** What stands behind the bar. */
  readonly text: string;
  /** Whether it is ours, and so stands out. */
  readonly ours: boolean;
};

export type ChartOptions = {
  readonly title: string;
  /** What the bars' lengths are, and which is better. */
  readonly axis: string;
  readonly bars: readonly Bar[];
  /** Where a dashed line stands, such as the reference. Default: there is none. */
  readonly mark?: number;
};

const WIDTH = 760;
const LABELS = 310;
const TEXTS = 110;
const ROW = 26;
const BAR = 16;
const TOP = 58;

export function barChart({ title, axis, bars, mark }: ChartOptions): string {
  const longest = Math.max(mark ?? 0, ...bars.map(({ value, range }) => Math.max(value, range?.[1] ?? 0)));
  const x = (value: number): number => round(LABELS + (value / longest) * (WIDTH - LABELS - TEXTS));
  const height = TOP + bars.length * ROW + 14;
  return frame({ width: WIDTH, height, title, description: axis }, [
    `<text x="16" y="43" fill="#495057">${escaped(axis)}</text>`,
    ...(mark === undefined ? [] : [line(x(mark), TOP - 4, x(mark), height - 12, ' stroke-dasharray="4 3"')]),
    ...bars.flatMap((bar, i) => drawBar(bar, TOP + i * ROW, x)),
  ]);
}

function drawBar({ label, value, range, inner, text, ours }: Bar, top: number, x: (value: number) => number): string[] {
  const colours = ours ? OURS : OTHERS;
  const middle = top + BAR / 2;
  const rect = (to: number, fill: string) =>
    `<rect x="${LABELS}" y="${top}" width="${round(x(to) - LABELS)}" height="${BAR}" fill="${fill}"/>`;
  const weight = ours ? ' font-weight="600"' : "";
  return [
    `<text x="${LABELS - 8}" y="${middle + 4}" text-anchor="end"${weight}>${escaped(label)}</text>`,
    rect(value, colours.fill),
    ...(inner === undefined ? [] : [rect(inner, colours.inner)]),
    ...(range === undefined ? [] : [line(x(range[0]), middle, x(range[1]), middle)]),
    // White around the letters, for where the dashed line passes behind them.
    `<text x="${round(x(Math.max(value, range?.[1] ?? 0)) + 8)}" y="${middle + 4}" stroke="#ffffff" stroke-width="4" paint-order="stroke"${weight}>${escaped(text)}</text>`,
  ];
}

function line(x1: number, y1: number, x2: number, y2: number, more = ""): string {
  return `<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" stroke="#212529"${more}/>`;
}
