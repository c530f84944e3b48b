import { stringify } from "yaml";

/** The value of a YAML document. Fields that are undefined are left out. */
export type Yaml = string | number | boolean | readonly Yaml[] | { readonly [field: string]: Yaml | undefined };

/** Version 1.1 also quotes what only older parsers would misread, such as kustomize's: "on", "no", "12:30". */
const FORMAT = { version: "1.1", lineWidth: 0, aliasDuplicateObjects: false } as const;

/** The text of a YAML file: a comment of one or more lines, then the documents. Equal values give equal text: fields keep their order. */
export function yamlFile(comment: string, documents: readonly Yaml[]): string {
  const lines = comment.split("\n").map((line) => `# ${line}`.trimEnd());
  return [`${lines.join("\n")}\n`, ...documents.map(yamlText)].join("---\n");
}

/** YAML within YAML, as kustomizations have patches. */
export const yamlText = (value: Yaml): string => stringify(value, FORMAT);
