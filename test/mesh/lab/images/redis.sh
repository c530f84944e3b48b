#!/usr/bin/env bash
# What the entrypoint of the official redis image does, as far as manifests rely on it, with this machine's Redis.
set -euo pipefail
[ "${1:-}" != redis-server ] || shift
exec redis-server --protected-mode no --bind 0.0.0.0 "$@"
