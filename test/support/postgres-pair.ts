import { type PostgresServer, startPostgres } from "../../tools/test-servers/postgres.ts";
import { promote, waitForStandby } from "../../tools/test-servers/postgres-standby.ts";

/** A PostgreSQL that is written to, and another one that follows it, with all that the first has committed. */
export type PostgresPair = {
  /** The one that is written to. */
  readonly primary: PostgresServer;
  /**
   * Ends the primary at once, as when its machine is lost, and gives the url of the other one, which refuses writes until it is `promoted`: then
   * it is the primary, and a new one follows it.
   */
  failOver(): Promise<{ readonly url: string; promoted(): Promise<void> }>;
  remove(): Promise<void>;
};

/** What it has committed outlives the loss of a server, and nobody sees it go back; it need not outlive both. */
export async function startPostgresPair(): Promise<PostgresPair> {
  let primary = await startPostgres({ synchronous_commit: "remote_apply" });
  let standby = await primary.startStandby();
  return {
    get primary() {
      return primary;
    },
    async failOver() {
      await waitForStandby(primary.url); // it may just have been started
      const lost = primary;
      primary = standby;
      await lost.stop("SIGQUIT");
      await lost.remove();
      const { url } = primary;
      return {
        url,
        async promoted() {
          await promote(url);
          standby = await primary.startStandby();
        },
      };
    },
    async remove() {
      await primary.remove();
      await standby.remove();
    },
  };
}
