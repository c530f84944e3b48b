/**
 * What the executable tells V8 of its heap, which goes before NODE_OPTIONS. Without it a role under full load holds up to 226 MiB of its own:
 * the young generation grows to 3 x 32 MiB, and the old one to four times what lives in it.
 *
 * Measured and left: the first alone leaves 135 MiB; 160 for the second saves little more; 2 or 4 MiB for the
 * first cost a tenth. --single-threaded-gc and MALLOC_ARENA_MAX save nothing. With --optimize-for-size V8 refuses the compiled code.
 */
export const HEAP_FLAGS: readonly string[] = ["--max-semi-space-size=8", "--max-old-space-size=512"];
