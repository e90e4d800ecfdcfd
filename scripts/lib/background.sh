# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Programs in the background, started and stopped by process id, never by name. Needs common.sh.
# A script that uses it calls background_trap once; everything started is then ended with the script, newest first.

background_names=()
declare -gA background_pids=()

# background_start NAME LOG COMMAND…: starts it with stdout and stderr in LOG.
background_start() {
    local name="$1" log="$2"
    shift 2
    # Job control gives it a process group of its own: Ctrl-C reaches this script only, which then ends it in order.
    set -m
    "$@" </dev/null >"$log" 2>&1 &
    set +m
    background_pids[$name]=$!
    background_names+=("$name")
}

# background_pid NAME: its process id.
background_pid() { printf '%s\n' "${background_pids[$1]}"; }

# background_alive NAME
background_alive() { kill -0 "${background_pids[$1]}" 2>/dev/null; }

# background_wait_for SECONDS NAME COMMAND…: waits until COMMAND succeeds; false when NAME ends before or time is up.
background_wait_for() {
    local deadline=$((SECONDS + $1)) name="$2"
    shift 2
    until "$@" >/dev/null 2>&1; do
        background_alive "$name" || return 1
        ((SECONDS < deadline)) || return 1
        sleep 0.1
    done
}

# background_stop NAME [SECONDS]: asks it to end, waits, then kills. Returns its exit status.
background_stop() {
    local name="$1" pid deadline=$((SECONDS + ${2:-15})) status=0
    pid="${background_pids[$name]:-}"
    [[ -n "$pid" ]] || return 0
    kill -TERM "$pid" 2>/dev/null || true
    while kill -0 "$pid" 2>/dev/null && ((SECONDS < deadline)); do sleep 0.05; done
    kill -KILL "$pid" 2>/dev/null || true
    wait "$pid" 2>/dev/null || status=$?
    kill -TERM -- "-$pid" 2>/dev/null || true # what it left behind
    unset "background_pids[$name]"
    return "$status"
}

# background_stop_all: ends whatever still runs, newest first.
background_stop_all() {
    local i
    for ((i = ${#background_names[@]} - 1; i >= 0; i--)); do
        background_stop "${background_names[i]}" || true
    done
    background_names=()
}

# background_forget: what runs is left running when the script ends.
background_forget() {
    background_names=()
    background_pids=()
}

# background_trap: ends everything when the script ends, however it ends.
background_trap() {
    trap background_stop_all EXIT
    trap 'exit 130' INT
    trap 'exit 143' TERM HUP
}
