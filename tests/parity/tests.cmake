# Parity with PyTorch (run.py): live with a Python that has PyTorch (-DNETC_PYTHON=… or $NETC_PYTHON), otherwise against the
# committed references, with any Python 3.
set(parity_python "${NETC_PYTHON}")
if(NOT parity_python)
    set(parity_python "$ENV{NETC_PYTHON}")
endif()
set(parity_flags "")
if(NOT parity_python)
    find_package(Python3 COMPONENTS Interpreter)
    set(parity_python "${Python3_EXECUTABLE}")
    set(parity_flags --reference)
endif()
if(parity_python)
    add_test(NAME parity COMMAND "${parity_python}" "${CMAKE_CURRENT_LIST_DIR}/run.py" --netc "$<TARGET_FILE:netc>" ${parity_flags})
    set_tests_properties(parity PROPERTIES LABELS parity TIMEOUT 900)
endif()

# Random tensors printed as PyTorch prints them, and calculator programs that are Python too; without PyTorch a unit test's
# committed table and the golden tests stand for it.
if(parity_python AND NOT parity_flags)
    add_test(NAME parity_tensor_text COMMAND "${parity_python}" "${CMAKE_CURRENT_LIST_DIR}/tensor_text.py"
        --check "$<TARGET_FILE:rt_tensor_text_test>" --count 2000 --seed 1)
    add_test(NAME parity_calculators COMMAND "${parity_python}" "${CMAKE_CURRENT_LIST_DIR}/calculators.py"
        "$<TARGET_FILE:netc>" "${PROJECT_SOURCE_DIR}/examples/autograd.net" "${PROJECT_SOURCE_DIR}/tests/golden/calculate/notebook.net"
        "${PROJECT_SOURCE_DIR}/tests/golden/calculate/layers.net")
    set_tests_properties(parity_tensor_text parity_calculators PROPERTIES LABELS parity TIMEOUT 120)
endif()
