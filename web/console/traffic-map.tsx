// The workloads as a map: callers to the left of whom they call.
import { Wide } from "../shared/parts.tsx";
import { calledWorkloads } from "./policy.ts";
import { workloadsNow } from "./system.ts";
import { type Flow, flows, OUTSIDE } from "./traffic.ts";
import { shownRate, shownSeconds, shownShare } from "./units.ts";
import { WORDS } from "./words.ts";

const BOX = { width: 156, height: 44 };
const GAP = { x: 130, y: 96 };

type Place = { readonly x: number; readonly y: number };
type Edge = { readonly from: string; readonly to: string; readonly flows: readonly Flow[] };

export function TrafficMap() {
  const edges = edgesOf(flows.value);
  const columns = columnsOf(workloadsNow().map(({ name }) => name));
  const places = placesIn(columns);
  const width = columns.length * (BOX.width + GAP.x) - GAP.x;
  const height = Math.max(...columns.map((column) => column.length)) * (BOX.height + GAP.y) - GAP.y + 2;
  const told = edges.map(({ from, to, flows }) => WORDS.edge(from, to, summed(flows)));
  return (
    <Wide label={WORDS.map}>
      <svg class="map" viewBox={`-1 -1 ${width + 2} ${height}`} role="img" aria-label={told.join("; ") || WORDS.quiet}>
        {edges.map((edge) => (
          <Arrow key={`${edge.from} ${edge.to}`} edge={edge} places={places} />
        ))}
        {[...places].map(([name, { x, y }]) => (
          <g key={name}>
            <rect x={x} y={y} width={BOX.width} height={BOX.height} rx="8" />
            <text x={x + BOX.width / 2} y={y + BOX.height / 2 + 5}>
              {name}
            </text>
          </g>
        ))}
      </svg>
    </Wide>
  );
}

function Arrow({ edge: { from, to, flows }, places }: { edge: Edge; places: ReadonlyMap<string, Place> }) {
  const [begin, end] = [places.get(from), places.get(to)];
  if (begin === undefined || end === undefined) return null;
  const { path, at } = curve(begin, end);
  const isFailing = flows.some(({ failed }) => failed > 0);
  const { rate, rest } = summed(flows);
  return (
    <g class={isFailing ? "edge failing" : "edge"}>
      <path d={path} />
      <circle cx={end.x} cy={end.y + BOX.height / 2} r="4" />
      <text x={at.x} y={at.y - 7}>
        {rate}
      </text>
      <text x={at.x} y={at.y + 17} class="small">
        {rest}
      </text>
    </g>
  );
}

/** From the right of a box to the left of another; soon at its height, so that it passes by what stands between. And the place of its label. */
function curve(begin: Place, end: Place): { readonly path: string; readonly at: Place } {
  const from = { x: begin.x + BOX.width, y: begin.y + BOX.height / 2 };
  const to = { x: end.x, y: end.y + BOX.height / 2 };
  const isFar = to.x - from.x > GAP.x;
  const bend = isFar ? GAP.x : (to.x - from.x) / 2;
  const first = { x: from.x + bend, y: isFar ? to.y : from.y };
  const path = `M ${from.x} ${from.y} C ${first.x} ${first.y}, ${to.x - bend} ${to.y}, ${to.x} ${to.y}`;
  return { path, at: { x: (from.x + to.x) / 2, y: (from.y + 3 * first.y + 4 * to.y) / 8 } };
}

function edgesOf(all: readonly Flow[]): Edge[] {
  return [...Map.groupBy(all, ({ from, to }) => `${from} ${to}`).values()].map((flows) => {
    const { from, to } = flows[0]!;
    return { from, to, flows };
  });
}

function summed(flows: readonly Flow[]): { readonly rate: string; readonly rest: string } {
  const perSecond = flows.reduce((sum, flow) => sum + flow.perSecond, 0);
  if (perSecond === 0) return { rate: shownRate(0), rest: "" };
  const failed = flows.reduce((sum, flow) => sum + flow.failed * flow.perSecond, 0) / perSecond;
  const slowest = Math.max(...flows.map(({ p99 }) => p99 || 0));
  const failures = failed > 0 ? WORDS.failures(shownShare(failed)) : "";
  return { rate: shownRate(perSecond), rest: `${failures}p99 ${shownSeconds(slowest)}` };
}

/** Each name is right of all who may call it; a call back to somebody on the way there moves nobody. */
function columnsOf(names: readonly string[]): string[][] {
  const calls = callsByContract(names);
  const column = new Map([OUTSIDE, ...names].map((name) => [name, 0]));
  const visit = (name: string, at: number, path: readonly string[]): void => {
    if (path.includes(name)) return;
    column.set(name, Math.max(column.get(name) ?? 0, at));
    for (const called of calls.get(name) ?? []) visit(called, at + 1, [...path, name]);
  };
  visit(OUTSIDE, 0, []);
  const columns: string[][] = [];
  for (const [name, at] of column) columns[at] = [...(columns[at] ?? []), name];
  return columns;
}

/** The corners of the boxes: each column in the middle of the map's height. */
function placesIn(columns: readonly (readonly string[])[]): Map<string, Place> {
  const most = Math.max(...columns.map((names) => names.length));
  const step = { x: BOX.width + GAP.x, y: BOX.height + GAP.y };
  return new Map(
    columns.flatMap((names, i) =>
      names.map((name, j) => [name, { x: i * step.x, y: (j + (most - names.length) / 2) * step.y }] as const),
    ),
  );
}

/** Who calls whom by the contracts, so that the map stands still: a workload calls what the policies of its methods say. */
function callsByContract(names: readonly string[]): ReadonlyMap<string, readonly string[]> {
  const calls = new Map<string, string[]>([[OUTSIDE, names.slice(0, 1)]]);
  for (const workload of workloadsNow()) calls.set(workload.name, [...calledWorkloads(workload)]);
  return calls;
}
