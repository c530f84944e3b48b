// node:sqlite in the shape that Kysely's SQLite driver wants.
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type SQLInputValue, type SQLOutputValue, type StatementSync } from "node:sqlite";
import type { SqliteDatabase, SqliteStatement } from "kysely";
import { LRUCache } from "lru-cache";

/** Prepared statements kept; the least recently used goes first. */
const MAX_STATEMENTS = 256;

/** Types of columns that hold 32-bit integers; their values are numbers. */
const SMALL_INTEGER = /^(integer|int|int2|int4|smallint|mediumint|tinyint)$/i;

/** A statement that changes tables, and with them the columns that prepared statements return. */
const DDL = /^\s*(create|alter|drop)\s/i;

/** Opens the database in file, which is created, with its directory, if missing. */
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

  /** A plain object, as PostgreSQL's rows are; those of SQLite have no prototype. */
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
      // A statement of its own: while its rows are read, the same text may be executed again.
      for (const values of prepare(database, sql).iterate(...(parameters as SQLInputValue[]))) yield toRow(values);
    },
  };
}

function prepare(database: DatabaseSync, sql: string): StatementSync {
  const statement = database.prepare(sql);
  statement.setReadBigInts(true); // the default is to throw where a number would be inexact
  return statement;
}
