// Reads environment variables as typed values. It collects faults, so that one message can name them all.

type Range = { min: number; max: number };

export type SettingsReader = Omit<ReturnType<typeof reader>, "check">;

/** A reader of env. Its methods return undefined for variables that are unset, empty or faulty; check() throws if there was any fault. */
export function reader(env: NodeJS.ProcessEnv) {
  const faults = new Set<string>();

  function text(name: string): string | undefined {
    const value = env[name]?.trim();
    return value === "" ? undefined : value;
  }

  function fault(name: string, wanted: string): undefined {
    faults.add(`${name} ${text(name) === undefined ? "is not set" : `is "${redacted(text(name)!)}"`}: ${wanted}`);
    return undefined;
  }

  function number(name: string, range: Range): number | undefined {
    return inRange(name, range, "number", /^-?\d*\.?\d+(e-?\d+)?$/);
  }

  function integer(name: string, range: Range): number | undefined {
    return inRange(name, range, "whole number", /^-?\d+$/);
  }

  /** Checks the form too, because Number() alone accepts "0x50" and "1e3" as a port. */
  function inRange(name: string, { min, max }: Range, kind: string, form: RegExp): number | undefined {
    const value = text(name);
    if (value === undefined) return undefined;
    const n = form.test(value) ? Number(value) : Number.NaN;
    return n >= min && n <= max ? n : fault(name, `must be a ${kind} from ${min} to ${max}`);
  }

  function oneOf<T extends string>(name: string, values: readonly T[]): T | undefined {
    return text(name) === undefined ? undefined : requiredOneOf(name, values);
  }

  /** Like oneOf, but an unset variable is a fault. */
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

  /** A URL with one of the protocols. An "@" in its path means that a password was not percent-encoded. */
  function url(name: string, protocols: readonly string[]): string | undefined {
    const begin = protocols.map((protocol) => `${protocol}//`).join(" or ");
    return accepted(name, `must be ${begin} and a valid rest, its user and password percent-encoded`, (value) => {
      if (!URL.canParse(value)) return false;
      const { protocol, pathname } = new URL(value);
      return protocols.includes(protocol) && value.startsWith(`${protocol}//`) && !pathname.includes("@");
    });
  }

  /** A URL of http: or https: that everybody may know: it has no user or password. */
  function openUrl(name: string): string | undefined {
    return accepted(name, "must be http:// or https:// and a valid rest, without a user", (value) => {
      if (!/^https?:\/\//.test(value) || !URL.canParse(value)) return false;
      const { username, password } = new URL(value);
      return username === "" && password === "";
    });
  }

  /** A comma-separated list whose items are all right. */
  function list(name: string, wanted: string, isRight: (item: string) => boolean): string[] | undefined {
    const items = text(name)
      ?.split(",")
      .map((item) => item.trim())
      .filter((item) => item !== "");
    return items === undefined || items.every(isRight) ? items : fault(name, wanted);
  }

  /** A text for which isRight is true. */
  function accepted(name: string, wanted: string, isRight: (value: string) => boolean): string | undefined {
    const value = text(name);
    return value === undefined || isRight(value) ? value : fault(name, wanted);
  }

  /** Makes a variable a fault, if it is set, for what others say. */
  function refuse(name: string, why: string): void {
    if (text(name) !== undefined) fault(name, why);
  }

  function check(): void {
    if (faults.size > 0) throw new Error(`the environment has faults:\n  ${[...faults].join("\n  ")}`);
  }

  return { text, number, integer, oneOf, requiredOneOf, flag, url, openUrl, list, accepted, refuse, check };
}

/** A value as messages may show it: without the user and password of a URL, even if they stand in the wrong place. */
function redacted(value: string): string {
  return value.replace(/^([a-z][a-z0-9+.-]*:\/\/)?.*@/i, "$1***@").replace(/([?&]password=)[^&]*/gi, "$1***");
}
