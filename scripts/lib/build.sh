# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# The product's build by CMake preset. Needs common.sh.

# build_preset PRESET [TARGET…]: configures if needed and builds into build/PRESET.
build_preset() {
    local preset="$1" folder="$LUMOZ_ROOT/build/$1" start=$SECONDS targets=()
    shift
    (($#)) && targets=(--target "$@")
    if [[ ! -f "$folder/build.ninja" || "$LUMOZ_ROOT/CMakePresets.json" -nt "$folder/build.ninja" ]]; then
        mkdir -p "$folder"
        (cd "$LUMOZ_ROOT" && cmake --preset "$preset") >"$folder/configure.log" 2>&1 || {
            tail -n 20 "$folder/configure.log" >&2
            die "preset $preset could not be configured" "Presets are listed by: cmake --list-presets"
        }
    fi
    (cd "$LUMOZ_ROOT" && cmake --build --preset "$preset" --parallel "${LUMOZ_JOBS:-$(nproc)}" ${targets[@]+"${targets[@]}"} 2>&1) |
        ninja_progress "$preset" ||
        die "preset $preset did not build" "The compiler's message is above. To see every command: ninja -C build/$preset -v"
    note "build/$preset is up to date ($(seconds_since "$start") s)"
}
