import { randomBytes } from "node:crypto";
import pg from "pg";

/** The address of the PostgreSQL that tests may create databases in. */
export function testDatabaseUrl(): string {
  const url = process.env.TEST_DATABASE_URL;
  if (url) return url;
  throw new Error(
    "This test needs a PostgreSQL: run it by `make test`, or set TEST_DATABASE_URL to one in which databases may be created.",
  );
}

export type TestDatabase = {
  readonly url: string;
  /** Ends its connections and drops it. */
  drop(): Promise<void>;
};

/** Creates an empty database. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const name = `test_${randomBytes(8).toString("hex")}`;
  const url = new URL(testDatabaseUrl());
  url.pathname = `/${name}`;
  await administer(`create database ${name}`);
  return { url: url.href, drop: () => administer(`drop database ${name} with (force)`) };
}

async function administer(statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: testDatabaseUrl() });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
