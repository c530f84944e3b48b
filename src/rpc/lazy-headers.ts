import { type InspectOptions, inspect } from "node:util";

/**
 * A Headers that makes a real one only when it must. Most calls read two or three headers or none, which subclasses can do without; a real
 * Headers would cost more than all other bookkeeping of such a call.
 */
export abstract class LazyHeaders implements Headers {
  protected real: Headers | undefined;

  abstract get(name: string): string | null;
  /** Adds everything so far to a new Headers. */
  protected abstract copyTo(real: Headers): void;

  protected get headers(): Headers {
    if (this.real === undefined) {
      this.real = new Headers();
      this.copyTo(this.real);
    }
    return this.real;
  }

  has(name: string): boolean {
    return this.get(name) !== null;
  }
  append(name: string, value: string): void {
    this.headers.append(name, value);
  }
  set(name: string, value: string): void {
    this.headers.set(name, value);
  }
  delete(name: string): void {
    this.headers.delete(name);
  }
  forEach(callback: (value: string, name: string, parent: Headers) => void, thisArg?: unknown): void {
    this.headers.forEach(callback, thisArg);
  }
  keys() {
    return this.headers.keys();
  }
  values() {
    return this.headers.values();
  }
  entries() {
    return this.headers.entries();
  }
  getSetCookie(): string[] {
    return this.headers.getSetCookie();
  }
  [Symbol.iterator]() {
    return this.headers[Symbol.iterator]();
  }
  /** What console.log() shows of it. */
  [inspect.custom](_depth: number, options: InspectOptions): string {
    return inspect(this.headers, options);
  }
}

/**
 * Makes `x instanceof Headers` hold, as interceptors and Connect's own helpers expect, and what else Headers.prototype has be found. That is
 * looked up when somebody asks: for the global Headers Node loads all of undici, which takes as long as a sixth of a role's start.
 */
const headersPrototype = new Proxy<object>(
  {},
  {
    getPrototypeOf: () => Headers.prototype,
    get: (_, name, headers) => Reflect.get(Headers.prototype, name, headers) as unknown,
    has: (_, name) => Reflect.has(Headers.prototype, name),
  },
);
Object.setPrototypeOf(LazyHeaders.prototype, headersPrototype);
