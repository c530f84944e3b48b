/** Thrown where a mortal process dies. */
export class Crash extends Error {}

/** A process that dies at its n-th step, of which every call of what it was given makes two: before and after its effect. */
export function mortal(diesAt: number) {
  let steps = 0;
  const step = () => {
    if (++steps >= diesAt) throw new Crash();
  };
  return {
    died: () => steps >= diesAt,
    gives<T extends object>(target: T): T {
      return new Proxy(target, {
        get: (object, name) => {
          const call = Reflect.get(object, name) as (...args: unknown[]) => Promise<unknown>;
          return async (...args: unknown[]) => {
            step();
            const result = await call(...args);
            step();
            return result;
          };
        },
      });
    },
  };
}

export const immortal = () => mortal(Number.POSITIVE_INFINITY);
