# Random networks against PyTorch (run.py): 300 of one seed. Without PyTorch, netc's own -O0 programs in f64 are the reference.
if(parity_python)
    add_test(NAME random_networks COMMAND "${parity_python}" "${CMAKE_CURRENT_LIST_DIR}/run.py" --netc "$<TARGET_FILE:netc>" --count 300)
    set_tests_properties(random_networks PROPERTIES LABELS parity TIMEOUT 900 PROCESSORS 2)
endif()
