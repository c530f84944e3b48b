// The dashboard shows one series of a histogram. So that it shows how long each route and method takes, each is told as a metric of its own.
import { roles } from "../../../src/roles.ts";

type Value = { readonly stringValue?: string; readonly intValue?: number | string };
type Attribute = { readonly key: string; readonly value: Value };
type Count = number | string;

export type HistogramPoint = {
  readonly attributes: readonly Attribute[];
  readonly startTimeUnixNano: string;
  readonly timeUnixNano: string;
  readonly count: Count;
  readonly sum?: number;
  readonly bucketCounts: readonly Count[];
  readonly explicitBounds: readonly number[];
};

export type Metric = {
  readonly name: string;
  readonly description?: string;
  readonly unit?: string;
  readonly histogram?: { readonly aggregationTemporality: number; readonly dataPoints: readonly HistogramPoint[] };
};

export type ResourceMetrics = {
  readonly resource?: { readonly attributes: readonly Attribute[] };
  readonly scopeMetrics: readonly { readonly scope?: object; readonly metrics: readonly Metric[] }[];
};

/** An OTLP export of metrics as JSON, in the parts that are read here. */
export type MetricsExport = { readonly resourceMetrics: readonly ResourceMetrics[] };

const OWN_SERVICES = new Set(roles.flatMap(({ services }) => services.map(({ typeName }) => typeName)));
/** What the gateway serves beside its contract. */
const BESIDE = new Set(["/health", "/openapi.json", "/", "/console", "/assets/{file}"]);

/** Which of a histogram's points are about what; undefined: about nothing that somebody asked for. */
const SUBJECTS: Readonly<Record<string, (point: HistogramPoint) => string | undefined>> = {
  "http.server.request.duration"({ attributes }) {
    const [method, route] = [textOf(attributes, "http.request.method"), textOf(attributes, "http.route")];
    return method === undefined || route === undefined || BESIDE.has(route) ? undefined : `${method} ${route}`;
  },
  "rpc.server.call.duration"({ attributes }) {
    const method = textOf(attributes, "rpc.method");
    return OWN_SERVICES.has(method?.split("/")[0] ?? "") ? method : undefined;
  },
};

/** The export, with a histogram "duration of GET /api/users/{id}" for each route and method, whatever the answers were. */
export function withRouteDurations(exported: MetricsExport): MetricsExport {
  return { resourceMetrics: [...exported.resourceMetrics, ...exported.resourceMetrics.flatMap(routesOf)] };
}

function routesOf({ resource, scopeMetrics }: ResourceMetrics): ResourceMetrics[] {
  const metrics = scopeMetrics.flatMap((scoped) => scoped.metrics).flatMap(split);
  if (metrics.length === 0) return [];
  // A process that is started anew goes on with the series of the one before.
  const attributes = resource?.attributes.filter(({ key }) => key === "service.name") ?? [];
  return [{ resource: { attributes }, scopeMetrics: [{ metrics }] }];
}

function split({ name, histogram }: Metric): Metric[] {
  const subjectOf = SUBJECTS[name];
  if (subjectOf === undefined || histogram === undefined) return [];
  const bySubject = Map.groupBy(histogram.dataPoints, subjectOf);
  return [...bySubject].flatMap(([subject, points]) =>
    subject === undefined
      ? []
      : [
          {
            name: `duration of ${subject}`,
            description: `${name}, whatever the answer was.`,
            unit: "ms",
            histogram: { ...histogram, dataPoints: [sumOf(points)] },
          },
        ],
  );
}

/** All points as one, in milliseconds, of which the dashboard shows more digits. They have the same bounds, being of one instrument. */
function sumOf(points: readonly HistogramPoint[]): HistogramPoint {
  const [{ startTimeUnixNano, timeUnixNano, explicitBounds, bucketCounts }] = points as [HistogramPoint];
  const total = (field: (point: HistogramPoint) => Count) =>
    points.reduce((sum, point) => sum + Number(field(point)), 0);
  return {
    attributes: [],
    startTimeUnixNano,
    timeUnixNano,
    count: total(({ count }) => count),
    sum: 1000 * total(({ sum = 0 }) => sum),
    bucketCounts: bucketCounts.map((_, i) => total((point) => point.bucketCounts[i] ?? 0)),
    explicitBounds: explicitBounds.map((bound) => 1000 * bound),
  };
}

const textOf = (attributes: readonly Attribute[], key: string): string | undefined =>
  attributes.find((attribute) => attribute.key === key)?.value.stringValue;
