# Tests of netc and of the programs it makes, as a user runs them. Numbers of speed and size mean something in a release build.
file(GLOB run_tests CONFIGURE_DEPENDS "${CMAKE_CURRENT_LIST_DIR}/*_test.sh")
foreach(script IN LISTS run_tests)
    get_filename_component(name "${script}" NAME_WE)
    if(name STREQUAL "limits_test" AND (NETC_SANITIZE OR NOT CMAKE_BUILD_TYPE STREQUAL "Release"))
        continue()
    endif()
    add_test(NAME run_${name} COMMAND bash "${script}")
    set_tests_properties(run_${name} PROPERTIES LABELS run TIMEOUT 600 SKIP_RETURN_CODE 77
        ENVIRONMENT "NETC=$<TARGET_FILE:netc>;SOURCE=${PROJECT_SOURCE_DIR};BUILD=${PROJECT_BINARY_DIR};SANITIZE=${NETC_SANITIZE}")
    if(name STREQUAL "limits_test")
        set_tests_properties(run_${name} PROPERTIES RUN_SERIAL TRUE)
    endif()
endforeach()

# Counts calls of the allocator; preloaded by limits_test.sh.
add_library(count_allocations MODULE "${CMAKE_CURRENT_LIST_DIR}/count_allocations.c")
target_link_libraries(count_allocations PRIVATE dl)
