#!/usr/bin/env bash
# `make install` into a staging folder puts every file in its place, and a program outside the
# project builds against what was installed, with the shared library and with the archive.
set -euo pipefail
unset DESTDIR
cd "$(dirname "$0")/.."
source_dir=$PWD
build=${SYMGRID_BUILD_DIR:-$source_dir/build/release}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

cmake --install "$build" --prefix "$scratch/usr" >"$scratch/log" || { cat "$scratch/log"; exit 1; }
cd "$scratch/usr"
need() {
    local found
    found=$(find . -path "./$1" | head -n 1)
    [ -n "$found" ] || { echo "not installed: $1"; find . -maxdepth 4; exit 1; }
}
need bin/symgrid
need 'lib*/libsymgrid.a'
need 'lib*/libsymgrid.so'
need 'lib*/libsymgrid.so.*'
need 'lib*/pkgconfig/symgrid.pc'
need lib/systemd/system/symgrid.service
need 'share/man/man1/symgrid.1'
need share/bash-completion/completions/symgrid
need 'share/doc/symgrid/LICENSE'
(cd "$source_dir" && find sites -name '*.md' -not -path '*/.*' -print) | while read -r site; do
    need "share/symgrid/$site"
done
for header in "$source_dir"/include/symgrid/*.h; do
    [ ! -e "$header" ] || need "include/symgrid/$(basename "$header")"
done

# The objects inside must not execute their stack (assembly files can ask for it by omission).
if command -v readelf >/dev/null; then
    if readelf -lW bin/symgrid lib*/libsymgrid.so lib/*/libsymgrid.so 2>/dev/null |
        grep GNU_STACK | grep -q 'RWE'; then
        echo "executable stack"
        exit 1
    fi
fi

bin/symgrid --version | grep -q "$(sed -n 's/^Version: //p' "$(find . -name symgrid.pc)")" || {
    echo "symgrid --version does not name the version of symgrid.pc"
    exit 1
}

library=$(find . -name 'libsymgrid.a' | head -n 1)
libdir=$(cd "$(dirname "$library")" && pwd)
{
    for header in include/symgrid/*.h; do
        [ ! -e "$header" ] || printf '#include <%s>\n' "${header#include/}"
    done
    printf 'int main(void)\n{\n    return 0;\n}\n'
} >"$scratch/user.c"
cc=${CC:-cc}
"$cc" -std=c17 -Wall -Werror -Iinclude "$scratch/user.c" -o "$scratch/user" -L"$libdir" \
    -Wl,--no-as-needed -lsymgrid -Wl,-rpath,"$libdir"
"$scratch/user"
if command -v ldd >/dev/null; then
    ldd "$scratch/user" | grep -q "libsymgrid.so.*$libdir" || { ldd "$scratch/user"; exit 1; }
fi
echo "installed $(find . -type f | wc -l) files; a user program links and runs"
