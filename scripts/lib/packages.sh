# shellcheck shell=bash
# SPDX-License-Identifier: Apache-2.0
# Debian packages by deps/debian.txt. Needs common.sh. Works on an image that has only Debian's essential packages.

# packages_missing GROUP…: names that are absent or below their floor, one a line. Reads dpkg's database once.
packages_missing() {
    local name floor group have wanted=" $* "
    local -A installed=()
    while read -r have name floor; do
        [[ "$have" == ii* ]] && installed[$name]="$floor"
    done < <(dpkg-query --show --showformat='${db:Status-Abbrev} ${Package} ${Version}\n' 2>/dev/null)
    while read -r name floor group; do
        [[ -z "$name" || "$name" == '#'* || "$wanted" != *" $group "* ]] && continue
        have="${installed[$name]:-}"
        if [[ -z "$have" ]] || ! dpkg --compare-versions "$have" ge "$floor"; then
            printf '%s\n' "$name"
        fi
    done <"$LUMOZ_ROOT/deps/debian.txt"
}

# packages_ensure GROUP…: installs what is missing and nothing else; quick and silent when nothing is.
packages_ensure() {
    command -v dpkg-query >/dev/null ||
        die "this is not a Debian system" "Install what deps/debian.txt lists by your own means; the scripts are made for Debian 12."
    local missing
    mapfile -t missing < <(packages_missing "$@")
    ((${#missing[@]})) || return 0
    say "installing ${#missing[@]} Debian packages: ${missing[*]}"
    local apt=(env DEBIAN_FRONTEND=noninteractive apt-get -q -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3)
    as_root "${apt[@]}" update >&2 ||
        die "apt-get update failed" "Check the network and the package sources, then run the script again."
    as_root "${apt[@]}" install --yes --no-install-recommends -- "${missing[@]}" >&2 ||
        die "apt-get could not install: ${missing[*]}" "See its message above. The scripts are made for Debian 12 (bookworm)."
    mapfile -t missing < <(packages_missing "$@")
    ((${#missing[@]} == 0)) ||
        die "older than deps/debian.txt demands: ${missing[*]}" "Enable Debian 12's updates and security sources, then run the script again."
}

# node_ensure: npm fetches the pinned packages; whichever is there serves, Debian's is installed where there is none.
node_ensure() {
    command -v npm >/dev/null || packages_ensure node
}
