#!/usr/bin/env bash
# Builds what is stale and runs a program of this checkout:  ./asl intake …   ./asl admin …   ./asl debug …
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
case "${1:-}" in
    intake | admin | debug) name="asl-$1"; shift ;;
    *) printf 'usage: ./asl intake|admin|debug …   (./asl intake --help)\n' >&2; exit 2 ;;
esac
program=$here/artifacts/bin/AslRescue.Tools/release/asl-intake
newer() { find "$here/src" "$here"/*.props "$here/global.json" -newer "$program" -type f -print -quit; }
if [ ! -x "$program" ] || [ -n "$(newer)" ]; then
    command -v dotnet >/dev/null || { echo 'asl: dotnet is missing: install the .NET 10 SDK' >&2; exit 1; }
    log=$(dotnet build "$here/src/Tools" --configuration Release --nologo --verbosity quiet 2>&1) || { printf '%s\n' "$log" >&2; exit 1; }
    touch "$program"
fi
# Without the overlay installed, the rules of this checkout hold.
export ASL_RULES=${ASL_RULES:-$here/rules}
exec -a "$name" "$program" "$@"
