/** What a manifest is made of. Fields that are undefined are left out. */
export type Yaml = string | number | boolean | readonly Yaml[] | { readonly [field: string]: Yaml | undefined };

/** The text of a YAML file of one or more documents. Equal values give equal text: fields keep their order. */
export function yamlFile(comment: string, documents: readonly Yaml[]): string {
  return `# ${comment}\n${documents.map((document) => `---\n${lines(document).join("\n")}\n`).join("")}`;
}

function lines(value: Yaml): string[] {
  if (isEmpty(value)) return [isList(value) ? "[]" : "{}"];
  if (isList(value)) return value.flatMap((item) => nest("- ", lines(item)));
  if (typeof value !== "object") return [scalar(value)];
  return Object.entries(value).flatMap(([field, item]) => (item === undefined ? [] : entry(scalar(field), item)));
}

function entry(field: string, value: Yaml): string[] {
  const inner = lines(value);
  if (typeof value !== "object" || isEmpty(value)) return [`${field}: ${inner[0]}`];
  return [`${field}:`, ...inner.map((line) => `  ${line}`)];
}

function nest(mark: string, [first, ...rest]: readonly string[]): string[] {
  return [mark + first, ...rest.map((line) => " ".repeat(mark.length) + line)];
}

const isEmpty = (value: Yaml): boolean =>
  typeof value === "object" && Object.values(value).every((item) => item === undefined);

const isList = (value: Yaml): value is readonly Yaml[] => Array.isArray(value);

/** Words, paths and durations, which no version of YAML takes for anything but text. */
const PLAIN = /^(?!(?:true|false|null|yes|no|on|off|y|n)$)[A-Za-z/][\w./-]*$|^\d+(?:\.\d+)?s$/i;

/** Text in double quotes is YAML as it is JSON. */
const scalar = (value: string | number | boolean): string =>
  typeof value === "string" && PLAIN.test(value) ? value : JSON.stringify(value);
