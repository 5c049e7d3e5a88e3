# SPDX-License-Identifier: Apache-2.0
# fuzz(NAME SEED SOURCES ...): a libFuzzer target that runs 2 s in the plain tests and 60 s in the long ones, from a folder
# of seeds that the build made.
function(fuzz name seed)
  add_executable(fuzz_${name} ${name}.cpp ${ARGN})
  target_compile_options(fuzz_${name} PRIVATE ${SUNDEW_SANITIZE} -fsanitize=fuzzer)
  target_compile_definitions(fuzz_${name} PRIVATE _GLIBCXX_ASSERTIONS) # as the target's library is hardened
  target_link_options(fuzz_${name} PRIVATE ${SUNDEW_SANITIZE} -fsanitize=fuzzer)
  foreach(label fuzz long)
    set(seconds $<IF:$<STREQUAL:${label},long>,60,2>)
    add_test(NAME ${label}.${name} COMMAND ${PROJECT_SOURCE_DIR}/tools/run-fuzzer $<TARGET_FILE:fuzz_${name}> ${seconds} ${seed})
    set_tests_properties(${label}.${name} PROPERTIES LABELS ${label} TIMEOUT 600)
  endforeach()
endfunction()
