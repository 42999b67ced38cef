#!/usr/bin/env bash
# layers.sh - checks that every #include obeys src/LAYERS.
#
# usage: tools/layers.sh [ROOT]       exit 0 in order, 1 violations (one line each), 2 LAYERS unreadable
#
# In src/FOLDER/ a quoted include names "folder/file" as seen from src/ (or "symgrid/file.h" from
# include/), the file exists, and FOLDER may include it. The public header of a room is
# symgrid/ROOM.h: it may include what the room may, and other public headers. A public header that a
# document promises exists.
set -euo pipefail
export LC_ALL=C
root=$(cd "${1:-$(dirname "$0")/..}" && pwd)
cd "$root"
[ -r src/LAYERS ] || { echo "src/LAYERS: not found in $root" >&2; exit 2; }

{
    find src -type f \( -name '*.[chS]' -o -name '*.def' \) | sort
    find include/symgrid -type f -name '*.h' 2>/dev/null | sort
} | awk '
function complain(text) { print text; bad = 1 }
function exists(path,    line, got) {
    if (!(path in seen)) {
        got = (getline line < path)
        close(path)
        seen[path] = got >= 0
    }
    return seen[path]
}
function read_layers(    line, n, words, folder, i, number) {
    while ((getline line < "src/LAYERS") > 0) {
        number++
        sub(/#.*/, "", line)
        n = split(line, words, /[ \t]+/)
        if (line ~ /^[ \t]*$/) continue
        folder = words[1]
        if (folder !~ /^[a-z0-9_]+:$/) {
            print "src/LAYERS:" number ": expected `folder: folder ...`" > "/dev/stderr"
            failed = 1
            exit 2
        }
        sub(/:$/, "", folder)
        known[folder] = 1
        allowed[folder, folder] = 1
        for (i = 2; i <= n; i++) {
            if (words[i] == "") continue
            allowed[folder, words[i]] = 1
            named[words[i]] = number
        }
    }
    for (word in named) {
        folder = word
        sub(/\/.*/, "", folder)
        if (!(folder in known)) complain("src/LAYERS:" named[word] ": no such folder: " folder)
    }
}
function check_source(path, place, name,    folder, target) {
    folder = path
    sub(/^src\//, "", folder)
    if (folder !~ /\//) {
        complain(place ": sources stand in a folder of src/")
        return
    }
    sub(/\/.*/, "", folder)
    if (!(folder in known)) {
        complain(place ": src/" folder " has no line in src/LAYERS")
        return
    }
    if (name ~ /^symgrid\//) {
        if (!exists("include/" name)) complain(place ": no such public header: " name)
        return
    }
    if (name !~ /^[a-z0-9_]+\/[A-Za-z0-9_.\/-]+$/ || name ~ /\.\./) {
        complain(place ": \"" name "\": expected \"folder/file.h\" as seen from src/")
        return
    }
    target = name
    sub(/\/.*/, "", target)
    if (!((folder, target) in allowed) && !((folder, name) in allowed)) {
        complain(place ": " folder " may not include \"" name "\" (src/LAYERS)")
        return
    }
    if (!exists("src/" name)) complain(place ": no such file: src/" name)
}
function check_public(path, place, name, quoted,    room) {
    room = path
    sub(/.*\//, "", room)
    sub(/\.h$/, "", room)
    if (name ~ /^symgrid\//) {
        if (!exists("include/" name)) complain(place ": no such public header: " name)
    } else if (quoted && (room in known)) {
        check_source("src/" room "/", place, name)
    } else if (quoted) {
        complain(place ": \"" name "\": symgrid/" room ".h is of no room and may not include it")
    }
}
BEGIN { read_layers() }
{
    path = $0
    number = 0
    while ((getline line < path) > 0) {
        number++
        if (line !~ /^[ \t]*#[ \t]*(include|include_next|import)[ \t]*["<]/) continue
        quoted = line ~ /^[^<]*"/
        name = line
        sub(/^[^"<]*["<]/, "", name)
        sub(/[">].*/, "", name)
        place = path ":" number
        includes++
        if (path ~ /^include\//) check_public(path, place, name, quoted)
        else if (quoted || name ~ /^symgrid\//) check_source(path, place, name)
        else {
            # <folder/file.h> must not be a way around the check.
            target = name
            sub(/\/.*/, "", target)
            if (name ~ /\// && (target in known) && exists("src/" name))
                complain(place ": include our own headers with quotes: \"" name "\"")
        }
    }
    close(path)
    files++
}
END {
    if (failed) exit 2
    if (!bad) print "layers: " files + 0 " files, " includes + 0 " includes in order"
    exit bad
}' && in_order=0 || in_order=$?

# Promises in documents: symgrid/NAME.h in README, docs and the man page.
documents=$(find README.md docs packaging -type f 2>/dev/null | sort || true)
promised=0
if [ -n "$documents" ]; then
    while IFS=: read -r file line name; do
        [ -n "$name" ] || continue
        if [ ! -e "include/$name" ]; then
            echo "$file:$line: no such public header: $name"
            promised=1
        fi
    done < <(printf '%s\n' "$documents" | tr '\n' '\0' |
        xargs -0 grep -HnoE 'symgrid/[a-z0-9_]+\.h\b' || true)
fi
[ "$in_order" -gt 1 ] && exit "$in_order"
exit $((in_order | promised))
