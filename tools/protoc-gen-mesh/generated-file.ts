/** A generated file: its path below the output folder, and its text. */
export type GeneratedFile = { readonly name: string; readonly content: string };
