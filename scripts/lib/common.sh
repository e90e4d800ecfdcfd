# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# What every script shares: strictness, paths, messages, locks, timing. Sourced, never run.

set -euo pipefail
shopt -s inherit_errexit

LUMOZ_ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)"
LUMOZ_CACHE="${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/lumoz-tee"
export LUMOZ_ROOT LUMOZ_CACHE LC_ALL=C.UTF-8

if [[ -t 2 && -z "${NO_COLOR:-}" ]]; then
    bold=$'\e[1m' red=$'\e[31m' dim=$'\e[2m' plain=$'\e[0m'
else
    bold='' red='' dim='' plain=''
fi

# say TEXT…: a line of progress. Results go to stdout, everything else here.
say() { printf '%s==>%s %s\n' "$bold" "$plain" "$*" >&2; }

# note TEXT…: a line of detail.
note() { printf '%s    %s%s\n' "$dim" "$*" "$plain" >&2; }

# die TEXT [WHAT TO DO…]: says what failed, then what to do about it.
die() {
    printf '%serror:%s %s\n' "$red" "$plain" "$1" >&2
    shift
    local line
    for line in "$@"; do printf '       %s\n' "$line" >&2; done
    exit 1
}

# seconds_since START: whole seconds since a value of SECONDS.
seconds_since() { printf '%d' "$((SECONDS - $1))"; }

# as_root COMMAND…: runs it as root, by sudo if needed.
as_root() {
    if [[ "$(id -u)" == 0 ]]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo -- "$@"
    else
        die "root is needed to run: $*" "Run the script as root, or install sudo."
    fi
}

# with_lock FILE COMMAND…: runs it while holding FILE, so that two scripts at once do not do the same work twice.
# The command runs in a subshell.
with_lock() {
    local file="$1" descriptor status=0
    shift
    mkdir -p "$(dirname "$file")"
    exec {descriptor}>"$file"
    if ! flock --nonblock "$descriptor"; then
        note "another run holds $file, waiting for it"
        flock "$descriptor"
    fi
    # The command inherits the lock: if this script is killed, the next one waits until what it started has ended.
    set +e
    (
        set -e
        "$@"
    )
    status=$?
    set -e
    exec {descriptor}>&-
    return "$status"
}

# sha256_of FILE: the hash in hex.
sha256_of() { sha256sum -- "$1" | cut -d' ' -f1; }

# retry N COMMAND…: runs it up to N times with growing pauses; for downloads only.
retry() {
    local left="$1" pause=2
    shift
    until "$@"; do
        left=$((left - 1))
        ((left > 0)) || return 1
        note "failed, trying again in $pause s: $*"
        sleep "$pause"
        pause=$((pause * 2))
    done
}

# ninja_progress LABEL [quiet]: filters ninja's output. On a terminal one line is rewritten; in a log a line appears per
# tenth. Everything that is not progress (warnings, errors) passes, unless quiet.
ninja_progress() {
    local label="$1" line last=-1 percent on_terminal=''
    [[ -t 2 ]] && on_terminal=1
    while IFS= read -r line; do
        if [[ "$line" =~ ^\[([0-9]+)/([0-9]+)\] ]]; then
            percent=$((BASH_REMATCH[1] * 100 / BASH_REMATCH[2]))
            if [[ -n "$on_terminal" ]]; then
                printf '\r\e[K    %s: %3d%% (%s of %s)' "$label" "$percent" "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}" >&2
            elif ((percent / 10 > last)); then
                last=$((percent / 10))
                printf '    %s: %d%% (%s of %s)\n' "$label" "$percent" "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}" >&2
            fi
        elif [[ -z "${2:-}" && "$line" != 'ninja: no work to do.' && "$line" != 'ninja: Entering directory'* ]]; then
            [[ -n "$on_terminal" ]] && printf '\r\e[K' >&2
            printf '%s\n' "$line" >&2
        fi
    done
    [[ -n "$on_terminal" ]] && printf '\r\e[K' >&2
    return 0
}
