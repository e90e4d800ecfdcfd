# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# A service on this machine for demo and benchmarks: the stand-in TEE, then lumozd on a free port of the loopback.
# Needs common.sh and background.sh. The caller has called background_trap.

# service_begin FOLDER BIN ENGINE MODEL: the folder holds state, sockets, configuration and logs.
service_begin() {
    service_folder="$1" service_bin="$2" service_engine="$3" service_model="$4"
    service_model_name="${5:-smollm2-135m}"
    service_url='' service_root=''
    mkdir -p "$service_folder"
    chmod 0700 "$service_folder"
}

# service_show_log NAME: the last lines of a log, for a failure.
service_show_log() {
    printf '%s\n' "--- last lines of $service_folder/$1.log" >&2
    tail -n 15 "$service_folder/$1.log" >&2
}

# service_start_tee: starts the stand-in TEE. Its policy is in tee/policy.json, its collateral in tee/collateral.json,
# the pin of its root key in service_root.
service_start_tee() {
    local socket="$service_folder/tee.sock"
    background_start simtee "$service_folder/simtee.log" \
        "$service_bin/lumoz-simtee" --socket "$socket" --state "$service_folder/tee" --root-out "$service_folder/root.hex"
    background_wait_for 20 simtee test -S "$socket" -a -s "$service_folder/root.hex" || {
        service_show_log simtee
        die "the stand-in TEE did not start"
    }
    service_root="$(tr -d ' \n' <"$service_folder/root.hex")"
}

# service_write_config [LINE…]: lumozd.toml; further lines come last.
service_write_config() {
    cat >"$service_folder/lumozd.toml" <<TOML
state_dir = "$service_folder/state"

[listen]
address = "${LUMOZ_LISTEN:-127.0.0.1:0}"

[model]
name = "$service_model_name"
path = "$service_model"

[engine]
kind = "llama-server"
binary = "$service_engine"

[tee]
guest_agent_socket = "$service_folder/tee.sock"

[collateral]
file = "$service_folder/tee/collateral.json"
TOML
    (($# == 0)) || printf '%s\n' "$@" >>"$service_folder/lumozd.toml"
}

# service_address: URL of the plain listener by lumozd's log; false while there is none.
service_address() {
    local url
    url="$(sed -n 's/.*"event":"listening".*"address":"\(http:[^"]*\)".*/\1/p' "$service_folder/lumozd.log" 2>/dev/null | head -n 1)"
    [[ -n "$url" ]] && printf '%s\n' "$url"
}

service_is_ready() {
    service_url="$(service_address)" || return 1
    curl --silent --fail --max-time 5 "$service_url/ready"
}

# service_start: starts lumozd with lumozd.toml and waits until it is ready. Its address: service_url.
service_start() {
    background_start lumozd "$service_folder/lumozd.log" "$service_bin/lumozd" --config "$service_folder/lumozd.toml"
    background_wait_for 120 lumozd service_is_ready || {
        service_show_log lumozd
        die "lumozd did not become ready" "What it misses is in the log above; configuration: $service_folder/lumozd.toml"
    }
}
