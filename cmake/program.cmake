# SPDX-License-Identifier: Apache-2.0
# program(NAME SOURCES ...): a U-mode program for the bundle, linked with the SDK.
function(program name)
  add_executable(${name} ${ARGN})
  target_link_libraries(${name} PRIVATE sdk)
endfunction()

# guest(NAME SOURCES ...): a flat image that a monitor loads, built for VS-mode without any library.
function(guest name)
  add_executable(${name}.elf ${ARGN})
  target_compile_options(${name}.elf PRIVATE ${SUNDEW_NUCLEUS_FLAGS} ${SUNDEW_TARGET_LANGUAGE} ${SUNDEW_TARGET_INCLUDES})
  target_link_options(${name}.elf PRIVATE -T ${PROJECT_SOURCE_DIR}/guests/guest.ld -Wl,--gc-sections)
  set_target_properties(${name}.elf PROPERTIES LINK_DEPENDS ${PROJECT_SOURCE_DIR}/guests/guest.ld)
  add_custom_command(OUTPUT ${name} DEPENDS ${name}.elf
    COMMAND ${CMAKE_OBJCOPY} -O binary $<TARGET_FILE:${name}.elf> ${name})
  add_custom_target(${name}-image ALL DEPENDS ${name})
endfunction()
