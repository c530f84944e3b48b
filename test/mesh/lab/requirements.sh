# Sourced by run.sh: the programs that the lab takes from the machine.

# A program and the Debian package that has it, a line each.
REQUIREMENTS="curl curl
flock util-linux
go golang
ip iproute2
iptables iptables
nsenter util-linux
openssl openssl
python3 python3
redis-server redis-server
setpriv util-linux
sysctl procps"

# Installs what is missing on Debian; elsewhere it says what to install.
require_programs() {
  local program package missing=()
  PATH=$PATH:/usr/sbin:/sbin
  while read -r program package; do
    command -v "$program" >/dev/null || missing+=("$package")
  done <<<"$REQUIREMENTS"
  compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || missing+=(postgresql)
  [ ${#missing[@]} -gt 0 ] || return 0
  if ! command -v apt-get >/dev/null; then
    echo "The mesh's checks need programs of these Debian packages: ${missing[*]}" >&2
    return 1
  fi
  echo "installing ${missing[*]}" >&2
  install_quietly "${missing[@]}"
}

install_quietly() {
  local policy=/usr/sbin/policy-rc.d added=0 status=0
  if [ ! -e "$policy" ]; then # Debian would start servers that it installs
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
    added=1
  fi
  { apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "$@"; } >&2 || status=$?
  [ "$added" = 0 ] || rm "$policy"
  return "$status"
}
