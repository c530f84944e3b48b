// Node strips types and transforms nothing, so decorators are applied as what they are: functions.
import "reflect-metadata";
import { Inject } from "@nestjs/common";

type Class = abstract new (...parameters: never[]) => object;

/** Applies decorators of a class. */
export function decorateClass(target: Class, ...decorators: ClassDecorator[]): void {
  for (const decorator of decorators) decorator(target);
}

/** Applies decorators of a method. */
export function decorateMethod(target: Class, name: string, ...decorators: MethodDecorator[]): void {
  const descriptor = Object.getOwnPropertyDescriptor(target.prototype, name)!;
  for (const decorator of decorators) decorator(target.prototype, name, descriptor);
  Object.defineProperty(target.prototype, name, descriptor);
}

/** Says what a method's parameters are, as the compiler would. */
export function parameterTypes(target: Class, name: string, types: readonly unknown[]): void {
  Reflect.defineMetadata("design:paramtypes", types, target.prototype, name);
}

/** Names what the constructor is given, in its order. */
export function inject(target: Class, ...tokens: readonly unknown[]): void {
  for (const [index, token] of tokens.entries()) Inject(token as string)(target, undefined, index);
}

/** Applies decorators of a property, such as those of class-validator. */
export function decorateProperty(target: Class, name: string, ...decorators: PropertyDecorator[]): void {
  for (const decorator of decorators) decorator(target.prototype, name);
}
