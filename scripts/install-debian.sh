#!/usr/bin/env bash
# Installs what the tests need from Debian: a real browser. Does nothing when it is there.
set -eu
packages=()
command -v chromium >/dev/null 2>&1 || packages+=(chromium)
command -v curl >/dev/null 2>&1 || packages+=(curl ca-certificates)
[ "${#packages[@]}" -eq 0 ] && exit 0

if ! command -v apt-get >/dev/null 2>&1; then
  echo "install-debian: no apt-get here; install by hand: ${packages[*]}" >&2
  exit 1
fi
run=()
[ "$(id -u)" -eq 0 ] || run=(sudo)
"${run[@]}" apt-get update -qq
DEBIAN_FRONTEND=noninteractive "${run[@]}" apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
