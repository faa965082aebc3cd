#!/usr/bin/env bash
# What `cmake --install` puts down works there, also when the folder is moved, through a link, and from another CMake project.
# shellcheck source=tests/run/lib.sh
. "$(dirname "$0")/lib.sh"
write_small

expect 0 "cmake --install" cmake --install "$BUILD" --prefix "$work/first"
mv first moved
expect 0 "the installed netc compiles" moved/bin/netc small.net -o small
expect 0 "and its program trains" ./small train --steps 2 --no-save
mkdir linked
ln -s ../moved/bin/netc linked/netc
expect 0 "through a link" linked/netc small.net -o small
PATH=$work/moved/bin:$PATH expect 0 "from PATH" netc small.net -o small
expect 0 "from another folder" within linked ../moved/bin/netc ../small.net -o other

lib=$(echo moved/lib*)
mv "$lib" hidden
expect '[^0]' "without the runtime" moved/bin/netc small.net -o none
says "$err" "says what is missing" "libnetrt"
holds "and leaves nothing" absent none
mv hidden "$lib"

mkdir project
cp small.net project/
cat >project/CMakeLists.txt <<'EOF'
cmake_minimum_required(VERSION 3.25)
project(uses_netc NONE)
find_package(netc 0.1 REQUIRED)
netc_add_program(digits small.net -D hidden=8)
EOF
generator=$(sed -n 's/^CMAKE_GENERATOR:INTERNAL=//p' "$BUILD/CMakeCache.txt")
expect 0 "find_package(netc)" cmake -S project -B project/build -G "$generator" -Dnetc_ROOT="$work/moved"
expect 0 "builds a program" cmake --build project/build
expect 0 "that runs" project/build/digits summary
finish
