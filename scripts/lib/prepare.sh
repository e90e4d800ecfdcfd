# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Engine and model are made ready beside the product's build.
# Needs common.sh, packages.sh, npm.sh, engine.sh, model.sh and background.sh.

# prepare_packages GROUP…: Debian packages of the groups, and npm for the engine's source.
prepare_packages() {
    packages_ensure "$@"
    node_ensure
}

prepare_both() {
    model_ensure
    engine_ensure
}

# prepare_begin FOLDER: begins in the background; progress goes to FOLDER/engine.log.
prepare_begin() {
    mkdir -p "$1"
    prepare_log="$1/engine.log"
    [[ -x "$(engine_path)" ]] || note "the engine is built in the background; its progress: ${prepare_log#"$LUMOZ_ROOT/"}"
    background_start engine "$prepare_log" prepare_both
}

# prepare_wait: waits for it, showing its progress. False if it failed; its output was shown then.
prepare_wait() {
    local shown='' line
    while background_alive engine; do
        line="$(tail -n 1 "$prepare_log")"
        [[ "$line" == "$shown" ]] || printf '%s\n' "$line" >&2
        shown="$line"
        sleep 0.5
    done
    if [[ ! -x "$(engine_path)" || ! -f "$(model_path)" ]]; then
        cat "$prepare_log" >&2
        die "engine or model could not be made ready, see above"
    fi
}
