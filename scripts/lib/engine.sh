# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# The default engine: llama-server from the source that the pinned npm package node-llama-cpp carries.
# Needs common.sh, packages.sh and npm.sh. Nothing but the npm package is fetched.

# engine_key: names the engine by its source and recipe; a change of either is another engine.
engine_key() {
    (cd "$LUMOZ_ROOT/deps/engine" && cat bundle.sha256 recipe.cmake kernels.cmake) | sha256sum | cut -c1-16
}

# engine_path: where the program is or will be.
engine_path() { printf '%s/engine/%s/llama-server\n' "$LUMOZ_CACHE" "$(engine_key)"; }

# engine_source WORK: clones the bundle into WORK/src after its hash was compared.
engine_source() {
    local work="$1" bundle want
    [[ -d "$work/src" ]] && return 0
    bundle="$(npm_fetch node-llama-cpp)/llama/gitRelease.bundle"
    read -r want <"$LUMOZ_ROOT/deps/engine/bundle.sha256"
    [[ "$(sha256_of "$bundle")" == "$want" ]] ||
        die "$bundle does not have the hash in deps/engine/bundle.sha256" "Remove that folder and run the script again."
    rm -rf "$work/src.tmp"
    git -c advice.detachedHead=false clone --quiet "$bundle" "$work/src.tmp"
    mv -T "$work/src.tmp" "$work/src"
}

engine_configure() {
    local work="$1" map launcher=()
    [[ -f "$work/build/build.ninja" ]] && return 0
    map="-ffile-prefix-map=$work/=engine/"
    command -v ccache >/dev/null &&
        launcher=(-DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache)
    (
        cd "$work"
        cmake -C "$LUMOZ_ROOT/deps/engine/recipe.cmake" -G Ninja -S src -B build \
            -DCMAKE_C_FLAGS="$map" -DCMAKE_CXX_FLAGS="$map" ${launcher[@]+"${launcher[@]}"}
    ) >"$work/configure.log" 2>&1 || {
        tail -n 20 "$work/configure.log" >&2
        die "the engine's build could not be configured" "The whole output is in $work/configure.log"
    }
}

engine_build_locked() {
    local target="$1" work start=$SECONDS
    [[ -x "$target" ]] && return 0
    work="$(dirname "$target")/work"
    mkdir -p "$work"
    say "building the engine (llama-server from source, once; 5 to 10 minutes on two cores)"
    engine_source "$work"
    engine_configure "$work"
    nice -n 3 ninja -C "$work/build" -j "${LUMOZ_JOBS:-$(nproc)}" llama-server 2>&1 | tee "$work/build.log" |
        ninja_progress engine quiet || {
        tail -n 30 "$work/build.log" >&2
        die "the engine did not compile" "Its build goes on where it stopped when the script is run again." \
            "The whole output is in $work/build.log"
    }
    strip --strip-debug -o "$target.tmp" "$work/build/bin/llama-server"
    mv -T "$target.tmp" "$target"
    rm -rf "$work"
    note "engine ready after $(seconds_since "$start") s, sha256 $(sha256_of "$target")"
}

# engine_ensure: prints the path of llama-server; builds it if it is not cached. An interrupted build is continued.
engine_ensure() {
    local target
    target="$(engine_path)"
    [[ -x "$target" ]] || with_lock "$(dirname "$target")/lock" engine_build_locked "$target"
    printf '%s\n' "$target"
}
