# Random networks against PyTorch (run.py): 300 of one seed; 100 in a coverage build, whose programs take long to end, since each
# writes its counts. Without PyTorch, netc's own -O0 programs in f64 are the reference.
if(parity_python)
    set(random_count 300)
    if(NETC_COVERAGE)
        set(random_count 100)
    endif()
    add_test(NAME random_networks COMMAND "${parity_python}" "${CMAKE_CURRENT_LIST_DIR}/run.py" --netc "$<TARGET_FILE:netc>"
        --count ${random_count})
    set_tests_properties(random_networks PROPERTIES LABELS parity TIMEOUT 900 PROCESSORS 2)
endif()
