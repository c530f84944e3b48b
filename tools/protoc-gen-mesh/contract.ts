import type { RestBinding } from "./rest-binding.ts";

/** The caller that is no workload: the ingress, through which calls come from outside. */
export const EDGE = "edge";

/** A program that serves services. */
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
  /** The line of its workload option. */
  readonly at: string;
};

/** A method and its policy. */
export type Rpc = {
  readonly service: string;
  readonly name: string;
  /** As `calls` has it: "shop.order.v1.OrderService.GetOrder". */
  readonly fullName: string;
  /** As HTTP has it: "/shop.order.v1.OrderService/GetOrder". */
  readonly path: string;
  readonly workload: string;
  readonly isUnary: boolean;
  /** Whether it may be repeated. */
  readonly isIdempotent: boolean;
  readonly timeoutMs: number | undefined;
  /** attempts count the first try; without codes only calls that reached no handler are tried again. */
  readonly retry: { readonly attempts: number; readonly codes: readonly string[] } | undefined;
  readonly callers: readonly string[];
  readonly calls: readonly string[];
  readonly objective: Objective | undefined;
  readonly maxRequestBytes: number;
  readonly rest: readonly RestBinding[];
  /** The line of its policy option. */
  readonly at: string;
};

export type Objective = {
  readonly availability: number;
  readonly latency: { readonly thresholdMs: number; readonly ratio: number } | undefined;
};

/** Something wrong in a contract, and where: "shop/order/v1/order_service.proto:42". */
export type Fault = { readonly at: string; readonly message: string };

export const faultText = ({ at, message }: Fault): string => `${at}: ${message}`;
