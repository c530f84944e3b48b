/** The instrumentation scope of all spans and metrics that this program makes itself. */
export const SCOPE = "tracemesh";
