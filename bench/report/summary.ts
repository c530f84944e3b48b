import type { PairedSection, Results, SagaResults } from "../results.ts";
import { formatNumber, spreadOf } from "./statistics.ts";

/** The README's words about speed, with the figures of these results. Throws if they lack a group that it needs. */
export function summary({ paired }: Results, { shops }: SagaResults): string {
  const servers = section(paired, "servers");
  const rate = (name: string) => of(servers, name, "rateRatio");
  const withTelemetry = section(paired, "rest-telemetry");
  return [
    `Calls a second, beside bare grpc-js that does nothing else: ${rate("tracemesh")} times as many with nothing on,`,
    `${rate("tracemesh, all interceptors")} times with spans, metrics, validation and error mapping,`,
    `${rate("tracemesh, default (a log line each)")} times with a log line a call as well, which is the default;`,
    `grpc-js with OpenTelemetry alone does ${rate("grpc-js, OpenTelemetry")} times as many.`,
    `A REST request through the gateway costs ${of(section(paired, "rest"), "tracemesh", "cpuRatio")} times the CPU of Fastify and grpc-js without telemetry,`,
    `and ${of(withTelemetry, "tracemesh, telemetry", "cpuRatio")} times with telemetry on both.`,
    `The shop takes ${ordersRatio(shops)} times the orders of the same shop in NestJS and grpc-js with OpenTelemetry.`,
  ].join("\n");
}

function ordersRatio({ tracemesh, nestjs }: SagaResults["shops"]): string {
  const ratios = tracemesh.ordersPerSecond.map((own, i) => own / nestjs.ordersPerSecond[i]!);
  return formatNumber(spreadOf(ratios).median, 2);
}

function section(paired: readonly PairedSection[], group: string): PairedSection {
  const found = paired.find((section) => section.group === group);
  if (found === undefined) throw new Error(`the results lack the group ${group}`);
  return found;
}

function of({ group, rows }: PairedSection, name: string, ratio: "rateRatio" | "cpuRatio"): string {
  const row = rows.find((row) => row.name === name);
  if (row === undefined) throw new Error(`the group ${group} lacks ${name}`);
  return formatNumber(spreadOf(row[ratio]).median, 2);
}
