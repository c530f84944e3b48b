import type { Names } from "./names.ts";

/** src/roles.ts with one more role at the end of its list. Throws Error if the list is not where it was. */
export function withRole(source: string, { kebab, camel }: Pick<Names, "kebab" | "camel">): string {
  const list = /^const ROLES = \[([^\]]*?),?\s*\] as const;$/m.exec(source);
  const imports = [...source.matchAll(/^import \{ \w+Role \} from .*\n/gm)];
  const last = imports.at(-1);
  if (list === null || last === undefined) throw new Error("src/roles.ts has no list `const ROLES = […] as const;`");
  const listed = `const ROLES = [${list[1]}, ${camel}Role] as const;`;
  // Not before the first import: the comment at the head of the file would be taken for one of that import.
  const imported = `${source.slice(0, last.index)}import { ${camel}Role } from "./${kebab}/role.ts";\n`;
  return imported + source.slice(last.index).replace(list[0], listed);
}
