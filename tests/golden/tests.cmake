# One test for each folder of cases; run.sh says what a case is.
file(GLOB golden_cases CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/golden/*/*.net")
set(golden_kinds "")
foreach(case IN LISTS golden_cases)
    get_filename_component(folder "${case}" DIRECTORY)
    get_filename_component(kind "${folder}" NAME)
    list(APPEND golden_kinds ${kind})
endforeach()
list(REMOVE_DUPLICATES golden_kinds)
foreach(kind IN LISTS golden_kinds)
    add_test(NAME golden_${kind} COMMAND "${CMAKE_CURRENT_SOURCE_DIR}/golden/run.sh" "$<TARGET_FILE:netc>" ${kind})
    set_tests_properties(golden_${kind} PROPERTIES LABELS golden TIMEOUT 120)
endforeach()

# That every message has a case.
add_test(NAME golden_messages COMMAND python3 "${CMAKE_CURRENT_SOURCE_DIR}/golden/messages.py" "$<TARGET_FILE:netc>"
    "${PROJECT_SOURCE_DIR}")
set_tests_properties(golden_messages PROPERTIES LABELS golden TIMEOUT 300)
