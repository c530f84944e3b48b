// Line charts as SVG, one below the other, over the same logarithmic axis. Like bar-chart.ts, without scripts or fonts.
import { escaped, frame, OTHERS, OURS, round } from "./svg.ts";

export type Line = {
  readonly label: string;
  /** In ascending x, both above 0. */
  readonly points: readonly {
    readonly x: number;
    readonly median: number;
    readonly lowest: number;
    readonly highest: number;
  }[];
  /** Whether it is ours, and so stands out. */
  readonly ours: boolean;
};

export type Panel = {
  /** What the height is, and which is better. */
  readonly axis: string;
  readonly scale: "linear" | "log";
  readonly lines: readonly Line[];
};

export type LineChartOptions = { readonly title: string; readonly xAxis: string; readonly panels: readonly Panel[] };

const WIDTH = 760;
const LEFT = 64;
const RIGHT = 130;
const TOP = 44;
const PANEL = 210;
const PLOT = 150;

type Scale = (value: number) => number;

export function lineChart({ title, xAxis, panels }: LineChartOptions): string {
  const xs = panels.flatMap(({ lines }) => lines.flatMap(({ points }) => points.map(({ x }) => x)));
  const x = logScale(Math.min(...xs), Math.max(...xs), LEFT, WIDTH - RIGHT);
  const ticks = [...new Set(xs)].sort((a, b) => a - b);
  const height = TOP + panels.length * PANEL + 24;
  const body = panels.flatMap((panel, i) => drawPanel(panel, TOP + i * PANEL, x, ticks));
  const caption = `<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${height - 12}" text-anchor="middle" fill="#495057">${escaped(xAxis)}</text>`;
  return frame({ width: WIDTH, height, title, description: panels.map(({ axis }) => axis).join("; ") }, [
    ...body,
    caption,
  ]);
}

function drawPanel({ axis, scale, lines }: Panel, top: number, x: Scale, ticks: readonly number[]): string[] {
  const all = lines.flatMap(({ points }) => points);
  const most = Math.max(...all.map(({ highest }) => highest));
  const [from, to] = [top + 24 + PLOT, top + 24];
  const y = scale === "log" ? logScale(decade(all), most, from, to) : linearScale(most, from, to);
  const marks =
    scale === "log" ? decades(decade(all), most) : [0, 0.25, 0.5, 0.75, 1].map((part) => part * roundUp(most));
  return [
    `<text x="16" y="${top + 12}" fill="#495057">${escaped(axis)}</text>`,
    ...marks
      .filter((mark) => y(mark) >= to)
      .flatMap((mark) => [
        `<line x1="${LEFT}" y1="${y(mark)}" x2="${WIDTH - RIGHT}" y2="${y(mark)}" stroke="#dee2e6"/>`,
        `<text x="${LEFT - 8}" y="${y(mark) + 4}" text-anchor="end" font-size="11">${mark.toLocaleString("en")}</text>`,
      ]),
    ...ticks.map(
      (tick) =>
        `<text x="${x(tick)}" y="${from + 16}" text-anchor="middle" font-size="11">${tick.toLocaleString("en")}</text>`,
    ),
    ...lines.flatMap((line) => drawLine(line, x, y)),
  ];
}

function drawLine({ label, points, ours }: Line, x: Scale, y: Scale): string[] {
  const colour = ours ? OURS.fill : OTHERS.inner;
  const last = points.at(-1);
  if (last === undefined) return [];
  const path = points.map((point) => `${x(point.x)},${y(point.median)}`).join(" ");
  return [
    ...points.map(
      (point) =>
        `<line x1="${x(point.x)}" y1="${y(point.lowest)}" x2="${x(point.x)}" y2="${y(point.highest)}" stroke="${colour}" stroke-opacity="0.5"/>`,
    ),
    `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="${ours ? 2.5 : 1.5}"/>`,
    ...points.map((point) => `<circle cx="${x(point.x)}" cy="${y(point.median)}" r="3" fill="${colour}"/>`),
    `<text x="${x(last.x) + 10}" y="${y(last.median) + 4}" fill="${colour}"${ours ? ' font-weight="600"' : ""}>${escaped(label)}</text>`,
  ];
}

function logScale(least: number, most: number, from: number, to: number): Scale {
  return (value) => round(from + ((to - from) * Math.log(value / least)) / Math.log(most / least));
}

function linearScale(most: number, from: number, to: number): Scale {
  return (value) => round(from + ((to - from) * value) / roundUp(most));
}

/** The power of ten below all of them. */
function decade(points: Line["points"]): number {
  return 10 ** Math.floor(Math.log10(Math.min(...points.map(({ lowest }) => lowest))));
}

function decades(least: number, most: number): number[] {
  const count = Math.floor(Math.log10(most / least)) + 1;
  return Array.from({ length: count }, (_, i) => least * 10 ** i);
}

/** To two digits of which the last is even or 5, so that quarters are round. */
function roundUp(value: number): number {
  const unit = 10 ** Math.floor(Math.log10(value)) * 0.4;
  return Math.ceil(value / unit) * unit;
}
