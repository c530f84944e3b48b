import type { AbortableQueryOptions, Compilable, CompiledQuery, Kysely, QueryResult } from "kysely";

/** Stands for a value while a statement is built. */
class Slot {
  readonly name: string;
  constructor(name: string) {
    this.name = name;
  }
}

/**
 * A statement that is built at its first use, and then gets only new values. Building one takes about as long as asking the database:
 * this is for those that every order needs. `build` calls `value` where one belongs, and must not look at what it returns.
 */
export function compiledOnce<Values extends object, Row = unknown>(
  db: Pick<Kysely<never>, "executeQuery">,
  build: (value: <Name extends keyof Values & string>(name: Name) => Values[Name]) => Compilable<Row>,
): (values: Values, options?: AbortableQueryOptions) => Promise<QueryResult<Row>> {
  let compiled: CompiledQuery<Row> | undefined;
  return (values, options) => {
    compiled ??= build((name) => new Slot(name) as never).compile();
    const parameters = compiled.parameters.map((parameter) =>
      parameter instanceof Slot ? values[parameter.name as keyof Values] : parameter,
    );
    return db.executeQuery<Row>({ ...compiled, parameters }, options);
  };
}
