import type { HrTime } from "@opentelemetry/api";

/** The wall clock may be set, and stands still neither in sleep nor in a stopped virtual machine; the monotonic one knows nothing of that. */
const STEP_MS = 50;
/** How often that is checked. */
const CHECK_MS = 1000;

/** Known when it is first asked for: the executable has loaded this before its process began. */
let originMs = Number.NaN;
let checkedAt = 0;

/**
 * The time since the epoch, in seconds and nanoseconds, of the one clock that all telemetry of this process uses. The SDK's own times are
 * whole milliseconds, which puts children outside their parents and makes log lines collide. This one never goes back but when the wall
 * clock is set by more than 50 ms, and is as fine as performance.now().
 */
export function now(): HrTime {
  return at(performance.now());
}

/** The time of the epoch for a time of performance.now(). */
export function at(monotonicMs: number): HrTime {
  if (Number.isNaN(originMs)) originMs = performance.timeOrigin;
  if (monotonicMs - checkedAt > CHECK_MS) {
    checkedAt = monotonicMs;
    const step = Date.now() - (originMs + performance.now());
    if (Math.abs(step) > STEP_MS) originMs += step;
  }
  // Separately, since a double has no room for the nanoseconds of the epoch.
  const originSeconds = Math.floor(originMs / 1000);
  const ms = originMs - originSeconds * 1000 + monotonicMs;
  const seconds = Math.floor(ms / 1000);
  return [originSeconds + seconds, Math.floor((ms - seconds * 1000) * 1e6)];
}
