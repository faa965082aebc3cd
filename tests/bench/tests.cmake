# The bench itself (self_test.py) on a tiny network: netc and live PyTorch. It measures nothing; ./setup bench does.
set(bench_python "${NETC_PYTHON}")
if(NOT bench_python)
    set(bench_python "$ENV{NETC_PYTHON}")
endif()
if(bench_python)
    add_test(NAME bench_self_test COMMAND "${bench_python}" "${CMAKE_CURRENT_LIST_DIR}/self_test.py" "$<TARGET_FILE:netc>")
    set_tests_properties(bench_self_test PROPERTIES LABELS run TIMEOUT 300)
endif()
