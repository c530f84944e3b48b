import type { Gate } from "../admission/gate.ts";
import type { HttpResponse } from "../http-handler.ts";

/** Statuses of answers that come quickly however busy the server is. */
const UNTELLING = new Set([429, 503]);

/** Begins the work of a request when its turn has come, or refuses it. It is over when its answer is taken. */
export function whenAdmitted(gate: Gate | undefined, res: HttpResponse, begin: () => void, refuse: () => void): void {
  const turn = gate?.ask();
  if (gate === undefined || turn === undefined) begin();
  else if (turn === "never") refuse();
  else if (turn === "now") admit(gate, res, begin);
  else {
    let isGone = false;
    res.once("close", () => {
      isGone = true;
    });
    gate.wait({ isGone: () => isGone, admit: () => admit(gate, res, begin), refuse });
  }
}

function admit(gate: Gate, res: HttpResponse, begin: () => void): void {
  const at = performance.now();
  res.once("close", () => {
    const tells = res.writableEnded && !UNTELLING.has(res.statusCode);
    gate.leave(tells ? performance.now() - at : undefined);
  });
  begin();
}
