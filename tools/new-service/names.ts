// The forms of a service's name, and which names can be had.
import { existsSync } from "node:fs";
import { join } from "node:path";

/** A name as each place writes it. */
export type Names = {
  /** Folder below src/ and test/, value of ROLE: "gift-card". */
  readonly kebab: string;
  /** Protobuf packages, fields and tables: "gift_card". */
  readonly snake: string;
  /** Functions and properties: "giftCard". */
  readonly camel: string;
  /** Types, messages and services: "GiftCard". */
  readonly Pascal: string;
  /** Reasons: "GIFT_CARD". */
  readonly UPPER: string;
  /** Texts: "gift card". */
  readonly words: string;
};

/** With "-service" it is a label of DNS, which has at most 63 characters. */
const MAX_LENGTH = 40;
/** What run-all, Istio and the stores of the shop are called. */
const RESERVED = ["dashboard", "edge", "postgres", "redis"];
/** Words of TypeScript and Protobuf, and those that the template uses itself for something else. */
const WORDS = [
  "any boolean class const default delete enum export function import in interface map message module new null number",
  "object oneof option package promise record reserved return stream string symbol syntax this type undefined unknown void",
  "change changed count schema service store timestamp transaction",
].flatMap((line) => line.split(" "));

/** The forms of a name such as "gift-card". Throws Error that says what is wrong with it, or who has it. */
export function namesOf(kebab: string, root: string): Names {
  const fault = formFault(kebab) ?? takenBy(kebab, root);
  if (fault !== undefined) throw new Error(fault);
  const words = kebab.split("-");
  const capitalized = words.map((word) => word.slice(0, 1).toUpperCase() + word.slice(1));
  return {
    kebab,
    snake: words.join("_"),
    camel: [words[0], ...capitalized.slice(1)].join(""),
    Pascal: capitalized.join(""),
    UPPER: words.join("_").toUpperCase(),
    words: words.join(" "),
  };
}

function formFault(name: string): string | undefined {
  if (name === "") return "a service needs a name: make new SERVICE=stock";
  if (!/^[a-z][a-z0-9]*(-[a-z][a-z0-9]*)*$/.test(name)) {
    return `"${name}" is no name for a service: small letters and digits, words that begin with a letter, "-" between them, such as gift-card`;
  }
  if (name.length > MAX_LENGTH) return `"${name}" is too long: a service's name has at most ${MAX_LENGTH} characters`;
  if (RESERVED.includes(name)) return `"${name}" is taken: it is a name of what runs beside the services`;
  if (WORDS.includes(name)) return `"${name}" is a word of the code itself: take one that says what the service keeps`;
  return undefined;
}

function takenBy(name: string, root: string): string | undefined {
  const places = [`src/${name}`, `src/${name}.ts`, `test/${name}`, `proto/shop/${name.replaceAll("-", "_")}`];
  const place = places.find((path) => existsSync(join(root, path)));
  return place === undefined ? undefined : `"${name}" is taken: there is ${place}`;
}
