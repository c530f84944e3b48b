import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Database, type DatabaseOptions, openDatabase } from "../../src/storage/database.ts";
import type { DatabaseEngine } from "../../src/storage/engine.ts";
import { createTestDatabase } from "./postgres.ts";

/** A test's own, at first empty database: a file of SQLite or a database of PostgreSQL. It is gone after the test. */
export type TestStore = {
  readonly dialect: DatabaseEngine;
  /** Opens the test's database, each time the same one. Closed after the test. */
  open<Schema>(options: OpenOptions): Promise<Database<Schema>>;
  /** Where the database is, for what opens it itself: the settings of a role, or another process. */
  location(): Location;
};

export type OpenOptions = Omit<DatabaseOptions, "url" | "file">;
export type Location = { readonly url?: string; readonly file: string };

/**
 * Declares a suite once for each engine:
 *
 *     eachDatabase((store) => {
 *       it("…", async () => {
 *         const { db } = await store.open<Schema>({ role: "order", migrations: orderMigrations });
 *       });
 *     });
 */
export function eachDatabase(suite: (store: TestStore) => void): void {
  for (const dialect of ["sqlite", "postgresql"] as const) {
    describe(`on ${dialect}`, () => suite(testStore(dialect)));
  }
}

/** Declares the hooks of the suite in which it is called. */
function testStore(dialect: DatabaseEngine): TestStore {
  const opened: { close(): Promise<void> }[] = [];
  let location: Location | undefined;
  let remove: () => Promise<void>;

  beforeEach(async () => {
    [location, remove] = dialect === "sqlite" ? await createFolder() : await createDatabase();
  });

  afterEach(async () => {
    // Not there if beforeEach failed.
    if (location === undefined) return;
    location = undefined;
    await Promise.all(opened.splice(0).map((database) => database.close()));
    await remove();
  });

  function locate(): Location {
    if (location === undefined) throw new Error("a database exists only within a test");
    return location;
  }

  return {
    dialect,
    location: locate,
    async open<Schema>(options: OpenOptions) {
      const database = await openDatabase<Schema>({ ...options, ...locate() });
      opened.push(database);
      return database;
    },
  };
}

async function createFolder(): Promise<[Location, () => Promise<void>]> {
  const folder = await mkdtemp(join(tmpdir(), "tracemesh-test-"));
  return [{ file: join(folder, "test.sqlite") }, () => rm(folder, { recursive: true })];
}

async function createDatabase(): Promise<[Location, () => Promise<void>]> {
  const { url, drop } = await createTestDatabase();
  return [{ url, file: "" }, drop];
}
