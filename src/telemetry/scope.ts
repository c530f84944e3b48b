/** The instrumentation scope of the spans and metrics that we make ourselves. */
export const SCOPE = "tracemesh";
