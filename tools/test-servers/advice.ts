/** What to do where a server is missing and cannot be fetched. */
export const SERVERS_ADVICE =
  "install a PostgreSQL and a Redis, which the tests run against. " +
  "Debian or Ubuntu: sudo apt-get install postgresql redis-server. Fedora: sudo dnf install postgresql-server valkey. " +
  "macOS: brew install postgresql redis. " +
  "Or set TEST_DATABASE_URL and TEST_REDIS_URL to servers that tests may create and drop databases in.";
