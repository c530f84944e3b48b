#!/usr/bin/env bash
# What the entrypoint of the official postgres image does, as far as manifests rely on it, with this machine's PostgreSQL.
set -euo pipefail
[ "${1:-}" != postgres ] || shift
PATH=$(printf '%s\n' /usr/lib/postgresql/*/bin | sort -V | tail -n 1):$PATH
export PGDATA=${PGDATA:-/var/lib/postgresql/data} PGUSER=${POSTGRES_USER:-postgres}
sockets=/var/run/postgresql
mkdir -p "$sockets" 2>/dev/null && [ -w "$sockets" ] || sockets=/tmp
database=${POSTGRES_DB:-$PGUSER}

if [ ! -s "$PGDATA/PG_VERSION" ]; then
  mkdir -p "$PGDATA"
  chmod 700 "$PGDATA"
  initdb --no-sync --auth-local=trust --auth-host=scram-sha-256 --username="$PGUSER" --encoding=UTF8 --locale=C \
    --pwfile=<(printf '%s\n' "${POSTGRES_PASSWORD:?}")
  echo 'host all all all scram-sha-256' >>"$PGDATA/pg_hba.conf"
  pg_ctl -w start -o "-c listen_addresses='' -c unix_socket_directories=$sockets"
  psql=(psql -v ON_ERROR_STOP=1 --no-psqlrc --host="$sockets")
  [ "$database" = postgres ] || "${psql[@]}" --dbname=postgres -c "create database \"$database\""
  for script in /docker-entrypoint-initdb.d/*; do
    case $script in
      *.sql) "${psql[@]}" --dbname="$database" -f "$script" ;;
      *.sh) PGHOST=$sockets bash "$script" ;;
    esac
  done
  pg_ctl -w -m fast stop
fi
exec postgres -c listen_addresses='*' -c "unix_socket_directories=$sockets" -c fsync=off "$@"
