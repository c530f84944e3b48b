// An attacker in a process of its own: `node attacker.ts PORT`; runs the attack that each message names, and answers when it is over.
import { ATTACKS } from "./attacks.ts";

const port = Number(process.argv[2]);
process.on("message", async (name: string) => {
  await ATTACKS[name]!(port);
  process.send!("done");
});
