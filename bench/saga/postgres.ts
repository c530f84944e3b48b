// A PostgreSQL that keeps its promises, with what it uses of the CPU.
import pg from "pg";
import { startPostgres } from "../../tools/test-servers/postgres.ts";
import type { TestServer } from "../../tools/test-servers/server.ts";
import { cpuMicrosOfTree, parentPid } from "./cpu.ts";

/** PostgreSQL's own defaults where those of tests are for speed, and log enough between two checkpoints. */
const DURABLE = {
  fsync: "on",
  synchronous_commit: "on",
  full_page_writes: "on",
  shared_buffers: "256MB",
  max_wal_size: "4GB",
  checkpoint_timeout: "15min",
};

export type MeasuredPostgres = {
  /** Creates a database and returns its URL. */
  create(name: string): Promise<string>;
  /** The CPU time of all its processes so far, in microseconds. */
  cpuMicros(): number;
  remove(): Promise<void>;
};

export async function startMeasuredPostgres(): Promise<MeasuredPostgres> {
  const server = await startPostgres(DURABLE);
  // Asked while the backend is there: its parent is the parent of all.
  const pid = await query(server, "select pg_backend_pid() as pid", ({ pid: backend }) => parentPid(backend as number));
  return {
    async create(name) {
      await query(server, `create database ${name}`, () => {});
      const url = new URL(server.url);
      url.pathname = `/${name}`;
      return url.href;
    },
    cpuMicros: () => cpuMicrosOfTree(pid),
    remove: () => server.remove(),
  };
}

type Row = Record<string, unknown>;

/** Runs a statement, and returns what its first row means, which is asked before the connection ends. */
async function query<T>(server: TestServer, statement: string, meaning: (row: Row) => T): Promise<T> {
  const client = new pg.Client({ connectionString: server.url });
  await client.connect();
  try {
    const { rows } = await client.query<Row>(statement);
    return meaning(rows[0] ?? {});
  } finally {
    await client.end();
  }
}
