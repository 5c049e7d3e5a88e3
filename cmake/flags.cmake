# SPDX-License-Identifier: Apache-2.0
# The one place for compiler flags. Warnings are errors everywhere.
set(SUNDEW_WARNINGS -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wimplicit-fallthrough -Werror)
add_compile_options("$<$<COMPILE_LANGUAGE:C,CXX>:${SUNDEW_WARNINGS}>")

# Code for the target is built without exceptions and RTTI, and so are its unit tests on the build machine.
set(SUNDEW_TARGET_LANGUAGE $<$<COMPILE_LANGUAGE:CXX>:-fno-exceptions$<SEMICOLON>-fno-rtti>)
set(SUNDEW_SANITIZE -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)

# The nucleus: no floating point by ABI, no library but headers. Programs: the ABI of Debian's libraries (lp64d), but no
# F, D or V instruction is ever emitted, since those registers belong to guests (tools/check-instructions proves it).
set(SUNDEW_NUCLEUS_FLAGS -march=rv64imac_zicsr_zifencei -mabi=lp64 -mcmodel=medany -O2 -g -ffreestanding
    -fno-pic -ffunction-sections -fdata-sections -fno-stack-protector)
set(SUNDEW_PROGRAM_FLAGS -march=rv64imafdc_zicsr_zifencei -mabi=lp64d -mcmodel=medany -mno-implicit-float -O2 -g
    -fno-pic -ffunction-sections -fdata-sections -fno-stack-protector)
