/** The address of the Redis that tests may write to, each under keys of its own. */
export function testRedisUrl(): string {
  const url = process.env.TEST_REDIS_URL;
  if (url) return url;
  throw new Error(
    "This test needs a Redis: run it by `make test`, or set TEST_REDIS_URL to one that may be written to.",
  );
}
