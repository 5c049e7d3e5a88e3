# SPDX-License-Identifier: Apache-2.0
# program(NAME SOURCES ...): a U-mode program for the bundle, linked with the SDK.
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)
function(program name)
  add_executable(${name} ${ARGN})
  target_link_libraries(${name} PRIVATE sdk)
endfunction()

# guest(NAME [SCRIPT LINKER-SCRIPT] SOURCES ...): a flat image that a monitor loads, built for VS-mode without any library;
# in build/target/images.
function(guest name)
  cmake_parse_arguments(PARSE_ARGV 1 guest "" SCRIPT "")
  set(script ${PROJECT_SOURCE_DIR}/guests/guest.ld)
  if(guest_SCRIPT)
    set(script ${CMAKE_CURRENT_SOURCE_DIR}/${guest_SCRIPT})
  endif()
  set(image ${PROJECT_BINARY_DIR}/images/${name})
  add_executable(${name}.elf ${guest_UNPARSED_ARGUMENTS})
  target_link_libraries(${name}.elf PRIVATE ${SUNDEW_KERNEL_LIBC})
  set_target_properties(${name}.elf PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}
    LINK_DEPENDS ${script})
  target_compile_options(${name}.elf PRIVATE ${SUNDEW_NUCLEUS_FLAGS} ${SUNDEW_TARGET_LANGUAGE} ${SUNDEW_TARGET_INCLUDES})
  target_link_options(${name}.elf PRIVATE -T ${script} -Wl,--gc-sections)
  add_custom_command(OUTPUT ${image} DEPENDS ${name}.elf
    COMMAND ${CMAKE_COMMAND} -E make_directory ${PROJECT_BINARY_DIR}/images
    COMMAND ${CMAKE_OBJCOPY} -O binary $<TARGET_FILE:${name}.elf> ${image})
  add_custom_target(${name}-image ALL DEPENDS ${image})
endfunction()
