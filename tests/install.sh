#!/usr/bin/env bash
# Installing into a staging folder puts every file in its place, and a program outside the project
# builds against what was installed, with the shared library and with the archive.
set -euo pipefail
cd "$(dirname "$0")/.."
source_dir=$PWD
build=${SYMGRID_BUILD_DIR:-$source_dir/build/release}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

DESTDIR=$scratch cmake --install "$build" >"$scratch/log" || { cat "$scratch/log"; exit 1; }
cd "$scratch$(sed -n 's/^CMAKE_INSTALL_PREFIX:[A-Z]*=//p' "$build/CMakeCache.txt")"
need() {
    local found
    found=$(find . -path "./$1" -print -quit)
    [ -n "$found" ] || { echo "not installed: $1"; find . -maxdepth 4; exit 1; }
}
need bin/symgrid
need bin/symgrid-agent
need 'lib*/libsymgrid.a'
# Of two functions of one name in an archive the linker takes the first and says nothing.
if command -v nm >/dev/null; then
    twice=$(nm "$(find . -name libsymgrid.a)" 2>/dev/null | awk '$2 ~ /^[TDBR]$/ {print $3}' | sort | uniq -d)
    [ -z "$twice" ] || { echo "defined more than once: $twice"; exit 1; }
fi
need 'lib*/libsymgrid.so'
need 'lib*/libsymgrid.so.*'
need 'lib*/pkgconfig/symgrid.pc'
need lib/systemd/system/symgrid.service
need lib/systemd/system/symgrid-agent.service
need lib/sysusers.d/symgrid-agent.conf
need 'share/man/man1/symgrid.1'
need 'share/man/man1/symgrid-agent.1'
for page in "$source_dir"/packaging/man/*.1.in; do
    need "share/man/man1/$(basename "$page" .in)"
done
need share/bash-completion/completions/symgrid
need share/symgrid/prometheus/symgrid.rules.yml
need share/symgrid/grafana/symgrid.json
need share/zsh/site-functions/_symgrid
need share/fish/vendor_completions.d/symgrid.fish
need 'share/doc/symgrid/LICENSE'
need 'share/doc/symgrid/README.md'
need 'share/doc/symgrid/docs/index.md'
(cd "$source_dir" && find sites -name '*.md' -not -path '*/.*' -print) | while read -r site; do
    need "share/symgrid/$site"
    bin/symgrid check "share/symgrid/$site" >/dev/null 2>&1 ||
        { echo "the installed $site does not pass the check"; exit 1; }
done
for header in "$source_dir"/include/symgrid/*.h; do
    need "include/symgrid/$(basename "$header")"
done
for header in control/flows engine/layout site/yaml plan/lp serve/serve store/segment cli/verbs; do
    if [ -e "include/symgrid/$header.h" ]; then
        echo "a private header was installed: $header.h"
        exit 1
    fi
done

# The objects inside must not execute their stack (assembly files can ask for it by omission).
if command -v readelf >/dev/null; then
    if readelf -lW bin/symgrid lib*/libsymgrid.so lib/*/libsymgrid.so 2>/dev/null |
        grep GNU_STACK | grep 'RWE' >/dev/null; then
        echo "executable stack"
        exit 1
    fi
fi

version=$(sed -n 's/^Version: //p' "$(find . -name symgrid.pc)")
[[ $(bin/symgrid --version) == *"$version"* ]] || {
    echo "symgrid --version does not name the version of symgrid.pc"
    exit 1
}

# Everything that follows knows the tree by pkg-config alone, as a stranger would.
libdir=$(cd "$(dirname "$(find . -name libsymgrid.a)")" && pwd)
export PKG_CONFIG_PATH=$libdir/pkgconfig PKG_CONFIG_SYSROOT_DIR=$scratch
read -ra cflags <<<"$(pkg-config --cflags symgrid)"
read -ra shared <<<"$(pkg-config --libs symgrid)"
read -ra archive <<<"$(pkg-config --static --libs symgrid | sed 's/-lsymgrid/-l:libsymgrid.a/')"
cc=("${CC:-cc}" -std=c17 -Wall -Wextra -Werror)

# Folders and files of other projects that are called like ours do not get in the way.
mkdir -p "$scratch/other/engine" "$scratch/other/base"
for name in engine/engine base/status engine world site; do
    echo '#error "a header of another project"' >"$scratch/other/$name.h"
done
for header in include/symgrid/*.h; do
    printf '#include <%s>\n' "${header#include/}"
done >"$scratch/all.c"
echo 'int main(void) { return 0; }' >>"$scratch/all.c"
"${cc[@]}" "-I$scratch/other" "${cflags[@]}" "$scratch/all.c" -o "$scratch/all"

# The example of the manual: a site from memory, a hundred steps, the books.
example=$source_dir/docs/examples/steps.c
"${cc[@]}" "${cflags[@]}" "$example" -o "$scratch/shared" "${shared[@]}" "-Wl,-rpath,$libdir"
"${cc[@]}" "${cflags[@]}" "$example" -o "$scratch/static" "${archive[@]}"
if command -v ldd >/dev/null; then
    ldd "$scratch/shared" | grep "libsymgrid.so.*$libdir" >/dev/null || { ldd "$scratch/shared"; exit 1; }
    if ldd "$scratch/static" | grep libsymgrid; then
        echo "the archive was not used"
        exit 1
    fi
fi
"$scratch/shared" >"$scratch/said"
"$scratch/static" | cmp - "$scratch/said"
# balance error X J of Y J: rounding only
awk '/^balance error/ {found = 1; if (!($3 < 1e-9 * $6)) exit 1} END {if (!found) exit 1}' \
    "$scratch/said" || { cat "$scratch/said"; exit 1; }

# A day planned by the library; its first line names the cost and the bound that proves it.
"${cc[@]}" "${cflags[@]}" "$source_dir/docs/examples/plan_day.c" -o "$scratch/plan_day" "${shared[@]}" \
    "-Wl,-rpath,$libdir" -lm
"$scratch/plan_day" >"$scratch/planned"
awk 'NR == 1 {sub(",", "", $2); if ($2 != $NF || !($2 > 0)) exit 1} END {if (NR != 25) exit 1}' \
    "$scratch/planned" || { cat "$scratch/planned"; exit 1; }
echo "installed $(find . -type f | wc -l) files; a stranger's program links both ways and says"
cat "$scratch/said"
