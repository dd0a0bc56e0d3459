#!/usr/bin/env bash
# Installs what the tests need from Debian: a real browser and real upstream servers. Does nothing when they are there.
set -eu
PATH=$PATH:/usr/sbin:/sbin
packages=()
need() { command -v "$1" >/dev/null 2>&1 || packages+=("${@:2}"); }
need chromium chromium
need curl curl ca-certificates
need nginx nginx-light
need haproxy haproxy
need nghttpd nghttp2-server
need go golang-go
need promtool prometheus
need tinyproxy tinyproxy-bin
need pg_lsclusters postgresql
need systemd-analyze systemd
need ip iproute2
need unshare util-linux
[ "${#packages[@]}" -eq 0 ] && exit 0

if ! command -v apt-get >/dev/null 2>&1; then
  echo "install-debian: no apt-get here; install by hand: ${packages[*]}" >&2
  exit 1
fi
run=()
[ "$(id -u)" -eq 0 ] || run=(sudo)

# The packages of nginx, HAProxy and Prometheus start a service as they are installed. Tests start their own on ports of their own,
# and port 80 of this machine is none of our business: policy-rc.d with 101 forbids it while we install (invoke-rc.d(8)).
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\nexit 101\n' | "${run[@]}" tee "$policy" >/dev/null
  trap '"${run[@]}" rm -f "$policy"' EXIT
  "${run[@]}" chmod 755 "$policy"
fi

"${run[@]}" apt-get update -qq
# Through env(1), because sudo drops the variables of the caller.
"${run[@]}" env DEBIAN_FRONTEND=noninteractive \
  apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
