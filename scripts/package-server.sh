#!/usr/bin/env bash
# scripts/package-server.sh FOLDER: makes a folder that runs anywhere with the same Node and needs nothing of this tree:
# the built gateway, the console and their production dependencies. Dockerfile and systemd unit start from it.
set -eu
out=$(realpath -m "${1:?usage: scripts/package-server.sh FOLDER}")
cd "$(dirname "$0")/.."
if [ -e "$out" ] && [ -n "$(ls -A "$out")" ]; then
  echo "package-server: $out is not empty" >&2
  exit 1
fi
export CI=true TURBO_TELEMETRY_DISABLED=1
pnpm=(npx --yes "$(node -p 'require("./package.json").packageManager')")
"${pnpm[@]}" install --frozen-lockfile --reporter=append-only
"${pnpm[@]}" exec turbo run build --filter=@ferry/server... --output-logs=errors-only
"${pnpm[@]}" --filter @ferry/server deploy --prod --reporter=append-only "$out"
chmod +x "$out/dist/main.js"
