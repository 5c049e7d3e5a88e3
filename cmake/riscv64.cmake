# SPDX-License-Identifier: Apache-2.0
# Toolchain: clang, lld and libc++ 19 with picolibc, all from Debian.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR riscv64)
foreach(language C CXX ASM)
  set(CMAKE_${language}_COMPILER_TARGET riscv64-unknown-elf)
endforeach()
set(CMAKE_C_COMPILER clang-19)
set(CMAKE_CXX_COMPILER clang++-19)
set(CMAKE_ASM_COMPILER clang-19)
set(CMAKE_OBJCOPY llvm-objcopy-19)
set(CMAKE_AR llvm-ar-19) # knows the objects of link-time optimization
set(CMAKE_RANLIB llvm-ranlib-19)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(CMAKE_EXE_LINKER_FLAGS_INIT "-fuse-ld=lld-19 -nostdlib -static")

set(SUNDEW_PICOLIBC /usr/lib/picolibc/riscv64-unknown-elf)
# The C library for programs (lp64d) under the name that the machine's Debian has it, and that for kernels (lp64).
foreach(variant rv64iafd rv64imafdc)
  if(EXISTS ${SUNDEW_PICOLIBC}/lib/release/${variant}/lp64d/libc.a)
    set(SUNDEW_PROGRAM_LIBC ${SUNDEW_PICOLIBC}/lib/release/${variant}/lp64d/libc.a)
  endif()
endforeach()
set(SUNDEW_KERNEL_LIBC ${SUNDEW_PICOLIBC}/lib/release/rv64imac/lp64/libc.a)
# Debian's riscv64 libfdt, where tools/fetch-libraries has put it.
if(DEFINED ENV{SUNDEW_CACHE})
  set(SUNDEW_LIBFDT $ENV{SUNDEW_CACHE}/riscv64)
elseif(DEFINED ENV{XDG_CACHE_HOME})
  set(SUNDEW_LIBFDT $ENV{XDG_CACHE_HOME}/sundew/riscv64)
else()
  set(SUNDEW_LIBFDT $ENV{HOME}/.cache/sundew/riscv64)
endif()
# Order matters: our __config_site shadows the library's, libc++ shadows the C library's headers.
set(SUNDEW_TARGET_INCLUDES -nostdinc++ -isystem${CMAKE_CURRENT_LIST_DIR}/libcxx
    -isystem/usr/lib/llvm-19/include/c++/v1 -isystem${SUNDEW_PICOLIBC}/include)
# The compiler's helpers that picolibc's objects use (__riscv_save_*), of whichever GCC the machine's Debian has.
file(GLOB SUNDEW_LIBGCC /usr/lib/gcc-cross/riscv64-linux-gnu/*/libgcc.a)
