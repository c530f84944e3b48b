import type { DescService } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";

/** A generated service and its implementation. Methods without one answer UNIMPLEMENTED. */
export type Service = { readonly desc: DescService; readonly impl: Partial<ServiceImpl<DescService>> };

/** Pairs a generated service with its implementation, and checks the types of the methods. */
export function service<T extends DescService>(desc: T, impl: Partial<ServiceImpl<T>>): Service {
  return { desc, impl: impl as Service["impl"] };
}
