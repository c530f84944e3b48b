import type { CallHandler, ExecutionContext, NestInterceptor } from "@nestjs/common";
import { pino } from "pino";
import { type Observable, tap } from "rxjs";

export const logger = pino();

/** A line for each call. */
export class CallLogging implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    const startedAt = performance.now();
    const method = `${context.getClass().name}.${context.getHandler().name}`;
    const log = (error?: { code?: unknown; message?: string }): void => {
      const line = { method, duration_ms: performance.now() - startedAt, code: error?.code, error: error?.message };
      logger.info(line, error === undefined ? "call" : "call failed");
    };
    return next.handle().pipe(tap({ complete: () => log(), error: log }));
  }
}
