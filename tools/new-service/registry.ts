import type { Names } from "./names.ts";

/** src/roles.ts with one more role at the end of its list. Throws Error if the list is not where it was. */
export function withRole(source: string, { kebab, camel }: Pick<Names, "kebab" | "camel">): string {
  const list = /^const ROLES = \[([^\]]*?),?\s*\] as const;$/m;
  if (!list.test(source)) throw new Error("src/roles.ts has no list `const ROLES = […] as const;`");
  const listed = source.replace(list, (_, roles: string) => `const ROLES = [${roles}, ${camel}Role] as const;`);
  return listed.replace(/^import \{ \w+Role \} from /m, `import { ${camel}Role } from "./${kebab}/role.ts";\n$&`);
}
