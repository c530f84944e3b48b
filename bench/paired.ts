// Paired measurement. The speed of a shared machine drifts by more than the differences of interest, so each window of a candidate lies
// between two windows of a reference, and only the ratio counts. Every set starts new processes, because processes differ as well.

/** One window: the number of calls, its duration, and the CPU time of the process under test. */
export type Window = { readonly calls: number; readonly seconds: number; readonly cpuMicros: number };

export type Subject = {
  /** Runs for about this long. */
  measure(ms: number): Promise<Window>;
  /** Checks once more that its answers are right, and ends its process. */
  close(): Promise<void>;
};

export type PairedOptions = PairedTiming & {
  /** What the candidates are compared with. */
  readonly reference: () => Promise<Subject>;
  readonly candidates: Readonly<Record<string, () => Promise<Subject>>>;
};

export type PairedTiming = {
  /** How often to start again with new processes. */
  readonly sets: number;
  /** Windows of each candidate in a set. */
  readonly rounds: number;
  readonly windowMs: number;
  readonly warmupMs: number;
};

/** All windows of one candidate. The ratios are to the mean of the reference's windows before and after. */
export type Row = {
  readonly name: string;
  readonly callsPerSecond: number[];
  readonly cpuMicrosPerCall: number[];
  readonly rateRatio: number[];
  readonly cpuRatio: number[];
};

export async function measurePaired(options: PairedOptions): Promise<Row[]> {
  const rows = new Map<string, Row>();
  for (const name of Object.keys(options.candidates)) {
    rows.set(name, { name, callsPerSecond: [], cpuMicrosPerCall: [], rateRatio: [], cpuRatio: [] });
  }
  for (let set = 0; set < options.sets; set++) await measureSet(options, rows);
  return [...rows.values()];
}

async function measureSet(options: PairedOptions, rows: Map<string, Row>): Promise<void> {
  const { rounds, windowMs, warmupMs } = options;
  const reference = await options.reference();
  const candidates: { row: Row; subject: Subject }[] = [];
  for (const [name, start] of Object.entries(options.candidates)) {
    candidates.push({ row: rows.get(name)!, subject: await start() });
  }
  const subjects = [reference, ...candidates.map((c) => c.subject)];
  for (const subject of subjects) await subject.measure(warmupMs);

  let before = perCall(await reference.measure(windowMs));
  for (let round = 0; round < rounds; round++) {
    for (const { row, subject } of shuffled(candidates)) {
      const own = perCall(await subject.measure(windowMs));
      const after = perCall(await reference.measure(windowMs));
      row.callsPerSecond.push(own.rate);
      row.cpuMicrosPerCall.push(own.cpuMicros);
      row.rateRatio.push(own.rate / ((before.rate + after.rate) / 2));
      row.cpuRatio.push(own.cpuMicros / ((before.cpuMicros + after.cpuMicros) / 2));
      before = after;
    }
  }
  for (const subject of subjects) await subject.close();
}

function perCall({ calls, seconds, cpuMicros }: Window): { rate: number; cpuMicros: number } {
  return { rate: calls / seconds, cpuMicros: cpuMicros / calls };
}

function shuffled<T>(items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, key: Math.random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item);
}
