import type { LogEvent, OperationNode, RootOperationNode } from "kysely";
import { AliasNode, DeleteQueryNode, InsertQueryNode, SelectQueryNode, TableNode, UpdateQueryNode } from "kysely";
import { type DatabaseServer, operationTelemetry } from "./operation-telemetry.ts";

/** For the `log` option of Kysely: records each query by `operationTelemetry`, without its values. */
export function queryLog(server: DatabaseServer): (event: LogEvent) => void {
  const record = operationTelemetry(server);
  return (event) => {
    const { query, queryDurationMillis: durationMs } = event;
    record({
      ...describe(query.query, query.sql),
      text: query.sql,
      durationMs,
      error: event.level === "error" ? event.error : undefined,
    });
  };
}

function describe(query: RootOperationNode, text: string): { name: string; collection?: string } {
  if (SelectQueryNode.is(query)) return { name: "SELECT", collection: tableName(query.from?.froms[0]) };
  if (InsertQueryNode.is(query)) return { name: "INSERT", collection: tableName(query.into) };
  if (UpdateQueryNode.is(query)) return { name: "UPDATE", collection: tableName(query.table) };
  if (DeleteQueryNode.is(query)) return { name: "DELETE", collection: tableName(query.from.froms[0]) };
  return { name: /^\s*(\w+)/.exec(text)?.[1]?.toUpperCase() ?? "UNKNOWN" };
}

function tableName(node: OperationNode | undefined): string | undefined {
  if (node === undefined) return undefined;
  if (AliasNode.is(node)) return tableName(node.node);
  return TableNode.is(node) ? node.table.identifier.name : undefined;
}
