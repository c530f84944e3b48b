import type { Chance } from "./chance.ts";
import type { Script } from "./script.ts";

/** One way into a role. */
export type Door = {
  readonly name: string;
  /** The HTTP statuses that this door may answer with. */
  readonly httpStatuses: readonly number[];
  /** The next thing to do to a role, by chance alone. */
  script(chance: Chance): Script;
};
