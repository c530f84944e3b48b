import type pg from "pg";

/** Statements with names; each connection keeps those that it was asked. Lists of any length make ever new ones, which go without. */
const MAX_NAMES = 200;

type Query = (text: unknown, values?: unknown, ...others: unknown[]) => unknown;

/**
 * Returns a function that has a connection prepare each statement with values once, by a name, and then sends only the values: the server
 * parses and plans it no more. Names are the same on all connections.
 */
export function statementPreparer(): (client: pg.PoolClient) => void {
  const names = new Map<string, string>();

  function nameOf(text: string): string | undefined {
    let name = names.get(text);
    if (name === undefined && names.size < MAX_NAMES) {
      name = `s${names.size + 1}`;
      names.set(text, name);
    }
    return name;
  }

  return (client) => {
    const query = client.query.bind(client) as Query;
    const preparing: Query = (text, values, ...others) => {
      if (typeof text !== "string" || !Array.isArray(values) || values.length === 0)
        return query(text, values, ...others);
      const name = nameOf(text);
      return name === undefined ? query(text, values, ...others) : query({ name, text, values }, ...others);
    };
    client.query = preparing as typeof client.query;
  };
}
