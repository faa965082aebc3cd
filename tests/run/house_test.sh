#!/usr/bin/env bash
# Rules of the house that a machine can check: what the sources may not contain.
# shellcheck source=tests/run/lib.sh
. "$(dirname "$0")/lib.sh"
cd "$SOURCE" || exit 1
none() { ! grep . >&2; } # a list of offences must be empty; what is in it is shown

expect 0 "no layer, loss, activation or optimiser is named in the compiler's C" python3 tests/run/names.py "$NETC"
says "$out" "and the search had something to look for" "^[1-9][0-9]+ names looked for in [1-9][0-9]+ files"

sources() { find compiler runtime grammar tests \( -name '*.[chly]' -o -name '*.py' -o -path '*prelude/*.net' \); }

holds "LLVM's headers stay in compiler/codegen" none < <(
    grep -rlE '#include *<llvm' compiler runtime | grep -v '^compiler/codegen/')
holds "the runtime includes nothing of the compiler" none < <(
    grep -rnE '#include *"(support|syntax|elaborate|ir|autodiff|simplify|schedule|codegen|driver)/' runtime)
holds "no stage includes a later one" none < <(
    grep -rnE '#include *"(elaborate|schedule|codegen|driver)/' compiler/support compiler/syntax compiler/ir
    grep -rnE '#include *"(elaborate|simplify|schedule|codegen|driver)/' compiler/autodiff
    grep -rnE '#include *"(elaborate|codegen|driver)/' compiler/simplify compiler/schedule
    grep -rnE '#include *"(schedule|codegen|driver)/' compiler/elaborate
    grep -rnE '#include *"driver/' compiler/codegen)
holds "no file is longer than 600 lines" none < <(sources | xargs wc -l | awk '$2 != "total" && $1 > 600')
holds "every source opens with what it is for" none < <(
    for file in $(sources); do head -n 1 "$file" | grep -qE '^(//|/\*|#|"""|%)' || echo "$file"; done)
# support/ ends the program in two cases: a bug of netc's own, and no memory left.
holds "the compiler's libraries never exit or print" none < <(
    grep -rnE '\b(exit|abort|printf|puts|putchar)\(' compiler --include='*.c' |
        grep -vE '^compiler/(main\.c|driver/|support/)|^[^:]*:[0-9]*: *//')
holds "messages are in support/messages.def alone" none < <(
    grep -rnE '\bMSG_[A-Z0-9_]+, *"|\bid, "[^"]{3}' compiler --include='*.[chly]')
holds "no program is started through a shell" none < <(grep -rnE '\b(system|popen)\(' compiler runtime --include='*.c')
holds "nothing is left unfinished" none < <(
    grep -rnE '\b(TO''DO|FIX''ME|X''XX)\b' compiler runtime grammar docs examples tests setup scripts)
finish
