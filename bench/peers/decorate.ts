// NestJS's decorators, called as the functions that they are: Node strips types from a file and translates nothing.

/** Decorates a method, as `@decorator` before it would. */
export function decorateMethod(target: { prototype: object }, method: string, decorator: MethodDecorator): void {
  const descriptor = Object.getOwnPropertyDescriptor(target.prototype, method)!;
  Object.defineProperty(target.prototype, method, decorator(target.prototype, method, descriptor) ?? descriptor);
}
