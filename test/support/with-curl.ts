import { delimiter, join } from "node:path";

const BIN = join(import.meta.dirname, "bin");

/** An environment in which there is curl: this machine's own or, where it has none, as much of it as tests use. */
export function withCurl(): NodeJS.ProcessEnv {
  return { ...process.env, PATH: [process.env.PATH, BIN].join(delimiter) };
}
