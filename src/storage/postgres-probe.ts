import { createPool } from "./postgres.ts";

export type PostgresProbe = {
  /** Rejects if the database does not answer within some seconds. */
  probe(): Promise<void>;
  close(): Promise<void>;
};

/** Asks by a connection of its own: a pool that is busy says nothing about the database. */
export function postgresProbe(url: string, applicationName: string): PostgresProbe {
  const pool = createPool({ url, applicationName, max: 1, statementTimeoutMs: 2000, connectionTimeoutMs: 3000 });
  return {
    async probe() {
      await pool.query("select 1");
    },
    close: () => pool.end(),
  };
}
