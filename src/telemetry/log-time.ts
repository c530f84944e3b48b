import type { HrTime } from "@opentelemetry/api";
import { now } from "./clock.ts";

/** The finest that the console shows. */
const MICROSECOND_NS = 1000;
const SECOND_NS = 1e9;
/** A line that is this much earlier than the one before is so because somebody set the clock back. */
const SET_BACK_S = 0.01;

let last: HrTime = [0, 0];

/** The time of a log line: later than that of every line before in this process, by a microsecond at least, so that sorting keeps their order. */
export function lineTime(): HrTime {
  const time = now();
  const gapNs = (time[0] - last[0]) * SECOND_NS + time[1] - last[1];
  last = gapNs >= MICROSECOND_NS || gapNs < -SET_BACK_S * SECOND_NS ? time : microsecondAfter(last);
  return last;
}

function microsecondAfter([seconds, ns]: HrTime): HrTime {
  const later = ns + MICROSECOND_NS;
  return later < SECOND_NS ? [seconds, later] : [seconds + 1, later - SECOND_NS];
}

let textSeconds = Number.NaN;
let textOfSeconds = "";

/** As ISO 8601 in UTC, with this many digits after the seconds. */
export function isoTime([seconds, ns]: HrTime, digits: 3 | 6): string {
  // Many lines share a second, and Date takes five times as long as the rest.
  if (seconds !== textSeconds) {
    textSeconds = seconds;
    textOfSeconds = new Date(seconds * 1000).toISOString().slice(0, 20);
  }
  const unit = 10 ** digits;
  const fraction = Math.floor((ns * unit) / SECOND_NS);
  // The leading 1 keeps the zeros behind it.
  return `${textOfSeconds}${String(unit + fraction).slice(1)}Z`;
}
