#!/usr/bin/env bash
# Prints the absolute path of the Node that `make NODE=...` names: tools/chosen-node.sh NODE
# Fails with one line that says why, if it is none or one that the program does not run on.
fail() {
  echo "NODE=$chosen $1" >&2
  exit 1
}
chosen=$1
found=$(type -P "$chosen") && [ -f "$found" ] || fail "names no program"
case $found in /*) ;; *) found=$PWD/$found ;; esac
answer=$("$found" "$(dirname "${BASH_SOURCE[0]}")/supported-node.cjs" 2>/dev/null </dev/null) || fail "is no Node"
case $answer in
supported) echo "$found" ;;
"Node "*) fail "is $answer" ;;
*) fail "is no Node" ;;
esac
