# libnetrt.a = our objects and the members of zlib's static archive, so that a compiled program needs libc and libm alone.
find_library(ZLIB_STATIC NAMES libz.a REQUIRED)
set(NETRT_ARCHIVE "${CMAKE_CURRENT_BINARY_DIR}/lib/netc/libnetrt.a")
file(MAKE_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}/lib/netc")
file(CONFIGURE OUTPUT "${CMAKE_CURRENT_BINARY_DIR}/merge.mri.in" CONTENT "create libnetrt.a.tmp\naddlib OBJECTS\naddlib @ZLIB_STATIC@\nsave\nend\n" @ONLY)
add_custom_command(OUTPUT "${NETRT_ARCHIVE}"
    COMMAND sh -c "sed \"s|OBJECTS|$1|\" '${CMAKE_CURRENT_BINARY_DIR}/merge.mri.in' | '${CMAKE_AR}' -M && mv -f libnetrt.a.tmp libnetrt.a"
        merge "$<TARGET_FILE:netrt-objects>"
    WORKING_DIRECTORY "${CMAKE_CURRENT_BINARY_DIR}/lib/netc"
    DEPENDS netrt-objects VERBATIM)
add_custom_target(netrt ALL DEPENDS "${NETRT_ARCHIVE}")
