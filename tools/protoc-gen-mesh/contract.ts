import type { RestBinding } from "./rest-binding.ts";

/** The one caller that is not a workload: the ingress, through which calls from outside come in. */
export const EDGE = "edge";

/** A program that serves one or more services. */
export type Workload = {
  readonly name: string;
  readonly port: number;
  readonly services: readonly ServiceContract[];
};

export type ServiceContract = {
  /** "shop.order.v1.OrderService". */
  readonly typeName: string;
  readonly workload: string;
  readonly port: number;
  readonly rpcs: readonly Rpc[];
  /** Where its workload option is set: "shop/order/v1/order_service.proto:17". */
  readonly at: string;
};

/** A method and its policy. */
export type Rpc = {
  readonly service: string;
  readonly name: string;
  /** Its name in `calls`: "shop.order.v1.OrderService.GetOrder". */
  readonly fullName: string;
  /** Its path in HTTP requests: "/shop.order.v1.OrderService/GetOrder". */
  readonly path: string;
  readonly workload: string;
  readonly isUnary: boolean;
  /** Whether a call may be repeated. */
  readonly isIdempotent: boolean;
  readonly timeoutMs: number | undefined;
  /** `attempts` includes the first try. Without codes, only calls that reached no handler are retried. */
  readonly retry: { readonly attempts: number; readonly codes: readonly string[] } | undefined;
  readonly callers: readonly string[];
  readonly calls: readonly string[];
  readonly objective: Objective | undefined;
  readonly maxRequestBytes: number;
  readonly criticality: Criticality;
  readonly rest: readonly RestBinding[];
  /** Where its policy option is set. */
  readonly at: string;
};

/** From the least important one. */
export const CRITICALITIES = ["sheddable", "default", "critical"] as const;
export type Criticality = (typeof CRITICALITIES)[number];

export type Objective = {
  readonly availability: number;
  readonly latency: { readonly thresholdMs: number; readonly ratio: number } | undefined;
};

/** Something wrong in a contract, and where: "shop/order/v1/order_service.proto:42". */
export type Fault = { readonly at: string; readonly message: string };

export const faultText = ({ at, message }: Fault): string => `${at}: ${message}`;
