#!/usr/bin/env bash
# What gcov counted in a build: lines covered for every folder, then the files covered worst.
# usage: coverage.sh BUILD_FOLDER [HOW_MANY_FILES]
set -euo pipefail
cd "$(dirname "$0")/../.."
build=$1
worst=${2:-20}

# "File '…'" is followed by "Lines executed:75.00% of 40"; headers come once for each file that has them.
find "$build/common" "$build/server" "$build/worker" -name '*.gcda' -print0 |
    xargs -0 -r gcov --no-output 2>/dev/null |
    awk -v worst="$worst" '
        /^File / { file = $2; gsub("\047", "", file); next }
        /^Lines executed:/ && file ~ /^(common|server|worker)\/.*\.c$/ {
            split($0, part, /[:%]| of /)
            lines[file] = part[4]
            covered[file] = int(part[2] * part[4] / 100 + 0.5)
        }
        { file = "" }
        function row(name, hit, all) {
            return sprintf("%-24s %6.1f %% of %5d lines", name, 100 * hit / all, all)
        }
        END {
            for (name in lines) {
                folder = name
                sub("/[^/]*$", "", folder)
                folder_lines[folder] += lines[name]; all_lines += lines[name]
                folder_covered[folder] += covered[name]; all_covered += covered[name]
            }
            if (!all_lines) { print "no counts: make coverage builds and runs them"; exit 1 }
            for (folder in folder_lines)
                print row(folder, folder_covered[folder], folder_lines[folder]) | "sort"
            close("sort")
            print row("everything", all_covered, all_lines)
            print "\nfiles with most lines that no test reaches:"
            for (name in lines)
                printf "%5d  %s\n", lines[name] - covered[name], name | "sort -rn | head -" worst
        }'
