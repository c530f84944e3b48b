// node:sqlite in the shape that Kysely's SQLite driver wants.
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type SQLInputValue, type SQLOutputValue, type StatementSync } from "node:sqlite";
import type { SqliteDatabase, SqliteStatement } from "kysely";

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
  const statements = new Map<string, SqliteStatement>();
  return {
    close: () => database.close(),
    prepare(sql) {
      if (DDL.test(sql)) {
        statements.clear();
        return adapt(database, sql);
      }
      const statement = statements.get(sql) ?? adapt(database, sql);
      statements.delete(sql); // to the end of the Map's order: most recently used
      statements.set(sql, statement);
      if (statements.size > MAX_STATEMENTS) statements.delete(statements.keys().next().value!);
      return statement;
    },
  };
}

function adapt(database: DatabaseSync, sql: string): SqliteStatement {
  const statement = prepare(database, sql);
  const columns = statement.columns();
  const names = columns.map((column) => column.name);
  const small = columns.map((column) => column.type !== null && SMALL_INTEGER.test(column.type));

  function toRow(values: SQLOutputValue[]): Record<string, SQLOutputValue> {
    const row: Record<string, SQLOutputValue> = {};
    for (let i = 0; i < names.length; i++) {
      const value = values[i]!;
      row[names[i]!] = small[i] && typeof value === "bigint" ? Number(value) : value;
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

/** A statement that returns each row as an array, and integers exactly; node:sqlite's types do not know of the former. */
type ArrayStatement = Omit<StatementSync, "all" | "iterate"> & {
  all(...parameters: SQLInputValue[]): SQLOutputValue[][];
  iterate(...parameters: SQLInputValue[]): Iterable<SQLOutputValue[]>;
};

function prepare(database: DatabaseSync, sql: string): ArrayStatement {
  const statement = database.prepare(sql);
  statement.setReadBigInts(true);
  statement.setReturnArrays(true);
  return statement as unknown as ArrayStatement;
}
