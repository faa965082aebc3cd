# Tests of netc and of the programs it makes, as a user runs them. Sizes and times mean something in a release build alone, and
# what does not run netc needs no sanitizer; nor does what refuses memory, since a sanitizer brings an allocator of its own, nor
# the examples at every level and wide layers, which are about the generated code (examples_test.sh runs netc and the runtime
# on the examples once).
file(GLOB run_tests CONFIGURE_DEPENDS "${CMAKE_CURRENT_LIST_DIR}/*_test.sh")
if(NETC_SANITIZE)
    list(FILTER run_tests EXCLUDE REGEX "/(house|setup_data|install|levels|wide|memory)_test\\.sh$")
endif()
if(NETC_SANITIZE OR NOT CMAKE_BUILD_TYPE STREQUAL "Release")
    list(FILTER run_tests EXCLUDE REGEX "/limits_test\\.sh$")
endif()
foreach(script IN LISTS run_tests)
    get_filename_component(name "${script}" NAME_WE)
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

# Makes system calls fail; for faults_test.sh. It runs programs as they are, so it needs no sanitizer.
add_executable(fail_call "${CMAKE_CURRENT_LIST_DIR}/fail_call.c")

# Refuses allocations; preloaded by memory_test.sh.
add_library(fail_allocation MODULE "${CMAKE_CURRENT_LIST_DIR}/fail_allocation.c")
