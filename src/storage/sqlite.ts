// node:sqlite in the shape that Kysely's SQLite driver expects.
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type SQLInputValue, type SQLOutputValue, type StatementSync } from "node:sqlite";
import type { SqliteDatabase, SqliteStatement } from "kysely";
import { LRUCache } from "lru-cache";

/** Prepared statements that are kept. */
const MAX_STATEMENTS = 256;

/** Column types of 32-bit integers, which are read as numbers. */
const SMALL_INTEGER = /^(integer|int|int2|int4|smallint|mediumint|tinyint)$/i;

/** A statement that changes tables, and with them the columns of prepared statements. */
const DDL = /^\s*(create|alter|drop)\s/i;

/** Opens the database in `file`; it and its directory are created if missing. */
export function openSqlite(file: string): SqliteDatabase {
  mkdirSync(dirname(file), { recursive: true });
  const database = new DatabaseSync(file);
  const statements = new LRUCache<string, SqliteStatement>({ max: MAX_STATEMENTS });
  return {
    close: () => database.close(),
    prepare(sql) {
      if (DDL.test(sql)) {
        statements.clear();
        return adapt(database, sql);
      }
      let statement = statements.get(sql);
      if (statement === undefined) {
        statement = adapt(database, sql);
        statements.set(sql, statement);
      }
      return statement;
    },
  };
}

function adapt(database: DatabaseSync, sql: string): SqliteStatement {
  const statement = prepare(database, sql);
  const columns = statement.columns();
  const small = columns.filter(({ type }) => type !== null && SMALL_INTEGER.test(type)).map(({ name }) => name);

  /** A plain object like PostgreSQL's rows; SQLite's have no prototype. */
  function toRow(values: Record<string, SQLOutputValue>): Record<string, SQLOutputValue> {
    const row = { ...values };
    for (const name of small) {
      const value = row[name];
      if (typeof value === "bigint") row[name] = Number(value);
    }
    return row;
  }

  return {
    reader: columns.length > 0,
    all: (parameters) => statement.all(...(parameters as SQLInputValue[])).map(toRow),
    run: (parameters) => statement.run(...(parameters as SQLInputValue[])),
    *iterate(parameters) {
      // Its own statement, since the same SQL may be executed again while these rows are read.
      for (const values of prepare(database, sql).iterate(...(parameters as SQLInputValue[]))) yield toRow(values);
    },
  };
}

function prepare(database: DatabaseSync, sql: string): StatementSync {
  const statement = database.prepare(sql);
  statement.setReadBigInts(true); // by default, it throws for integers that a number cannot represent
  return statement;
}
