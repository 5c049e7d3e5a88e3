# SPDX-License-Identifier: Apache-2.0
# What scripts that fetch Debian's packages share; to be sourced. Signatures are checked by apt with Debian's own keys.

cache=${SUNDEW_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/sundew}

# The mirror: SUNDEW_DEBIAN_MIRROR, or apt's.
debian_mirror() {
    echo "${SUNDEW_DEBIAN_MIRROR:-$(apt-get indextargets --format '$(REPO_URI) $(SUITE)' 'Created-By: Packages' |
        awk '$2 !~ /security|updates|backports/ { print $1; exit }')}"
}

# An apt of our own: whatever the machine's own one knows, is set to or is doing has no part in it.
private_apt() { # SUITE ARCHITECTURE FOLDER
    local folder=$3
    mkdir -p "$folder"/lists/partial "$folder"/archives/partial
    : >"$folder/status"
    echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $(debian_mirror) $1 main" >"$folder/sources.list"
    cat >"$folder/apt.conf" <<EOF
APT::Architecture "$2";
APT::Architectures { "$2"; };
APT::Install-Recommends "false";
Acquire::Languages "none";
Acquire::Retries "3";
Dir::State "$folder";
Dir::State::status "$folder/status";
Dir::Cache "$folder";
Dir::Etc::SourceList "$folder/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::Etc::Preferences "/dev/null";
Dir::Etc::PreferencesParts "/dev/null";
Dir::Etc::Parts "/dev/null";
APT::Sandbox::User "";
EOF
}

# Downloads packages and all that they depend on, signatures checked, into the folder's `archives`. apt shows how far it
# is, and goes on where an earlier try was interrupted, also within a package.
download_packages() { # SUITE ARCHITECTURE FOLDER PACKAGE[,PACKAGE...]
    private_apt "$1" "$2" "$3"
    local progress=--quiet=1
    [ ! -t 1 ] || progress=--quiet=0
    APT_CONFIG=$3/apt.conf apt-get --quiet=2 update &&
        grep -qsx "Codename: $codename" "$3"/lists/*Release &&
        APT_CONFIG=$3/apt.conf apt-get $progress --yes --download-only install ${4//,/ }
}

# extract_packages SUITE ARCHITECTURE FOLDER PACKAGE[,PACKAGE...]: unpacks packages and all that they depend on, without
# running anything of theirs. In the middle of a mirror's update `trixie` may be out of step with its own index while
# `stable`, which is another name of it, is not.
extract_packages() {
    local codename=$1 suite names=$1 downloads=$cache/packages-$2-$1 log
    log=$downloads/log
    [ "$1" != trixie ] || names='trixie stable'
    for suite in $names; do
        rm -rf "$3"
        download_packages "$suite" "$2" "$downloads" "$4" || continue
        if mmdebstrap --quiet --mode=chrootless --variant=extract --architectures="$2" --include="$4" \
            --skip=download/empty --setup-hook="mkdir -p \"\$1\"/var/cache/apt/archives" \
            --setup-hook="cp -n '$downloads'/archives/*.deb \"\$1\"/var/cache/apt/archives/" \
            --customize-hook="rm -f \"\$1\"/var/cache/apt/archives/*.deb" "$suite" "$3" "$(<"$downloads/sources.list")" 2>"$log"; then
            rm -rf "$log" "$downloads"/archives/*.deb "$3"/var/lib/apt/lists
            return 0
        fi
        cat "$log" >&2
    done
    echo "sundew: $4 could not be fetched from Debian's $1: see above; SUNDEW_DEBIAN_MIRROR names another mirror" >&2
    return 1
}
