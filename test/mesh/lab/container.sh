#!/usr/bin/env bash
# Makes a container's root folder and becomes the container's command in it. It runs in a mount namespace of its own (that of
# `ip netns exec`), so all mounts go when the process ends.
#
#   container.sh FOLDER USER GROUP GROUPS WORKDIR ro|rw COMMAND [ARGUMENT...]
#
# FOLDER/mounts lists what to mount, a line each: image|ro|rw SOURCE TARGET. What a container writes to files of its image, it alone sees.
set -euo pipefail
folder=$1 user=$2 group=$3 groups=$4 workdir=$5 root_mode=$6
shift 6

mkdir -p "$folder/layers" "$folder/root"
mount -t tmpfs -o mode=755,size=512m layers "$folder/layers"
mount -t tmpfs -o mode=755,size=512m root "$folder/root"
cd "$folder/root"

same() { # same ENTRY... : what the machine has at that path
  local entry
  for entry; do
    if [ -L "/$entry" ]; then
      cp -a "/$entry" "$entry"
    elif [ -e "/$entry" ]; then
      mkdir -p "$entry"
      mount --rbind "/$entry" "$entry"
    fi
  done
}
mkdir -p etc run tmp usr/local/bin var/lib var/run var/tmp
chmod 1777 tmp var/tmp
same bin dev etc/alternatives etc/ssl lib lib64 proc sbin sys usr/bin usr/lib usr/lib64 usr/libexec usr/sbin usr/share
for file in group hosts ld.so.cache localtime nsswitch.conf passwd resolv.conf; do
  [ ! -e "/etc/$file" ] || cp -L "/etc/$file" etc/
done
# Images have an entry for the user that they run as; PostgreSQL insists on one.
grep -q "^[^:]*:[^:]*:$user:" etc/passwd || echo "container:x:$user:$group::/:/bin/sh" >>etc/passwd

read_only=()
layer=0
while read -r mode source target; do
  if [ -d "$source" ]; then
    mkdir -p ".$target"
  else
    mkdir -p ".$(dirname "$target")"
    touch ".$target"
  fi
  if [ "$mode" = image ] && [ -d "$source" ]; then
    layer=$((layer + 1))
    mkdir -p "$folder/layers/$layer"/{upper,work}
    mount -t overlay -o "lowerdir=$source,upperdir=$folder/layers/$layer/upper,workdir=$folder/layers/$layer/work" overlay ".$target"
    read_only+=(".$target")
  else
    mount --bind "$source" ".$target"
    [ "$mode" = rw ] || read_only+=(".$target")
  fi
done <"$folder/mounts"
mkdir -p ".$workdir"
for target in "${read_only[@]}"; do
  [ "$root_mode" = rw ] && [ -d "$target" ] && [ "$(stat -f -c %T "$target")" = overlayfs ] && continue
  mount -o remount,bind,ro "$target"
done
[ "$root_mode" = rw ] || mount -o remount,bind,ro .

privileges=()
[ "$user" = 0 ] || privileges=(setpriv --reuid="$user" --regid="$group" --groups="$groups" --)
exec chroot . "${privileges[@]}" env -C "$workdir" "$@"
