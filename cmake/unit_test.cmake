# SPDX-License-Identifier: Apache-2.0
# unit_test(NAME SOURCES ...): a GoogleTest program with ASan and UBSan, known to CTest under the label `unit`.
set(BUILD_GMOCK OFF)
add_subdirectory(/usr/src/googletest ${CMAKE_BINARY_DIR}/googletest EXCLUDE_FROM_ALL)
foreach(library gtest gtest_main)
  target_compile_options(${library} PRIVATE -w ${SUNDEW_SANITIZE})
endforeach()

function(unit_test name)
  add_executable(${name} ${ARGN})
  target_compile_options(${name} PRIVATE ${SUNDEW_SANITIZE})
  target_compile_definitions(${name} PRIVATE GTEST_HAS_CXXABI_H_=0) # the name `abi` is ours
  target_link_options(${name} PRIVATE ${SUNDEW_SANITIZE})
  target_link_libraries(${name} PRIVATE gtest_main)
  add_test(NAME unit.${name} COMMAND ${name})
  set_tests_properties(unit.${name} PROPERTIES LABELS unit TIMEOUT 300)
endfunction()
