# SPDX-License-Identifier: Apache-2.0
# What scripts that fetch Debian's packages share; to be sourced. Signatures are checked by apt with Debian's own keys.

cache=${SUNDEW_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/sundew}

# The mirror: SUNDEW_DEBIAN_MIRROR, or apt's.
debian_mirror() {
    echo "${SUNDEW_DEBIAN_MIRROR:-$(apt-get indextargets --format '$(REPO_URI) $(SUITE)' 'Created-By: Packages' |
        awk '$2 !~ /security|updates|backports/ { print $1; exit }')}"
}

# extract_packages SUITE ARCHITECTURE FOLDER PACKAGE[,PACKAGE...]: unpacks packages and all that they depend on, without
# running anything of theirs. In the middle of a mirror's update `trixie` may be out of step with its own index while
# `stable`, which is another name of it, is not.
extract_packages() {
    local suite names=$1 log=$3.log
    [ "$1" != trixie ] || names='trixie stable'
    for suite in $names; do
        rm -rf "$3"
        if mmdebstrap --quiet --mode=chrootless --variant=extract --skip=cleanup/apt/lists --architectures="$2" --include="$4" "$suite" "$3" \
            "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $(debian_mirror) $suite main" 2>"$log" &&
            grep -qsx "Codename: $1" "$3"/var/lib/apt/lists/*Release; then
            rm -rf "$log" "$3"/var/lib/apt/lists
            return 0
        fi
    done
    cat "$log" >&2
    echo "sundew: $4 could not be fetched from Debian's $1: see above; SUNDEW_DEBIAN_MIRROR names another mirror" >&2
    return 1
}
