// Typed reading of environment variables. Faults are collected, so that one message can name them all.

type Range = { min: number; max: number };

/** A reader over env. Every method gives undefined for a variable that is unset or empty; check() throws if any had a fault. */
export function reader(env: NodeJS.ProcessEnv) {
  const faults: string[] = [];

  function text(name: string): string | undefined {
    const value = env[name]?.trim();
    return value === "" ? undefined : value;
  }

  function fault(name: string, wanted: string): undefined {
    faults.push(`${name} ${text(name) === undefined ? "is not set" : `is "${redacted(text(name)!)}"`}: ${wanted}`);
    return undefined;
  }

  function number(name: string, { min, max }: Range): number | undefined {
    const value = text(name);
    if (value === undefined) return undefined;
    const n = Number(value);
    return n >= min && n <= max ? n : fault(name, `must be a number from ${min} to ${max}`);
  }

  function integer(name: string, range: Range): number | undefined {
    const n = number(name, range);
    return n === undefined || Number.isInteger(n) ? n : fault(name, "must be a whole number");
  }

  function oneOf<T extends string>(name: string, values: readonly T[]): T | undefined {
    return text(name) === undefined ? undefined : requiredOneOf(name, values);
  }

  /** As oneOf, but an unset variable is a fault. */
  function requiredOneOf<T extends string>(name: string, values: readonly T[]): T | undefined {
    return values.find((v) => v === text(name)) ?? fault(name, `must be one of ${values.join(", ")}`);
  }

  function flag(name: string): boolean | undefined {
    const value = text(name)?.toLowerCase();
    if (value === undefined) return undefined;
    if (["true", "1", "yes", "on"].includes(value)) return true;
    if (["false", "0", "no", "off"].includes(value)) return false;
    return fault(name, "must be true or false");
  }

  function url(name: string, protocols: readonly string[]): string | undefined {
    const value = text(name);
    if (value === undefined) return undefined;
    const protocol = /^[a-z][a-z0-9+]*:/.exec(value)?.[0] ?? "";
    if (protocols.includes(protocol) && value.length > protocol.length) return value;
    return fault(name, `must be a URL that begins with ${protocols.join(" or ")}`);
  }

  function list(name: string): string[] | undefined {
    return text(name)
      ?.split(",")
      .map((item) => item.trim())
      .filter((item) => item !== "");
  }

  function check(): void {
    if (faults.length > 0) throw new Error(`the environment has faults:\n  ${faults.join("\n  ")}`);
  }

  return { text, number, integer, oneOf, requiredOneOf, flag, url, list, check };
}

/** A value for a message: without the password that a URL may carry. */
const redacted = (value: string): string => value.replace(/\/\/[^@/]*@/, "//***@");
