// SPDX-License-Identifier: Apache-2.0
// A kernel to learn from, on QEMU's `virt`: supervisor mode, one hart, legacy SBI. Read start.S before, and then
// process.cpp (turns), trap.S and trap.cpp (from a process to the kernel and back), page.cpp, disk.cpp, files.cpp; and
// programs.cpp for the other side.
#include "guests/teaching/console.hpp"
#include "guests/teaching/disk.hpp"
#include "guests/teaching/process.hpp"

extern "C" [[noreturn]] void kernel_main() {
    disk::start();
    print(Text{} << "teaching kernel: " << free_pages() << " pages, a disk of " << disk::sectors() << " sectors\n");
    if (start_process("shell", 0) == refused)
        panic("no room for the first process");
    run_processes();
    print("teaching kernel: the shell has ended\n");
    shut_down();
}
