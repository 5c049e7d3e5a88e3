// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "bench/primitives/measure.hpp"

/// Interrupts between harts: by messages to their interrupt files where they have any, else by SBI. trap_entry counts
/// both.
namespace ipi {

inline constexpr std::uint64_t identity = 1; ///< of the message

/// The message that is to be taken next is taken; 0 if there is none (AIA, `stopei`).
inline std::uint64_t take_message() {
    std::uint64_t top;
    asm volatile("csrrw %0, 0x15c, zero" : "=r"(top)::"memory");
    return top;
}
/// This hart's file delivers all messages, and its trap handler takes them (AIA, "Indirectly accessed interrupt-file
/// registers").
inline void open_file() {
    constexpr unsigned trap_vector = 0x105, select = 0x150, selected = 0x151;
    constexpr std::uint64_t delivery = 0x70, threshold = 0x72, enabled = 0xc0;
    write_csr<select>(threshold);
    write_csr<selected>(0);
    write_csr<select>(enabled);
    write_csr<selected>(~std::uint64_t{0});
    write_csr<select>(delivery);
    write_csr<selected>(1);
    write_csr<trap_vector>(reinterpret_cast<std::uint64_t>(&message_entry));
    write_csr<csr::sie>(interrupt_bit::external);
}
/// Whatever was written before is seen by whoever takes the message.
inline void send_message(const Platform& platform, std::size_t hart) {
    asm volatile("fence iorw, iorw" ::: "memory");
    *reinterpret_cast<volatile std::uint32_t*>(platform.files[hart]) = identity;
}

/// Lets them come to this hart.
inline void enable(const Platform& platform) {
    if (platform.has_messages())
        open_file();
    else
        write_csr<csr::sie>(interrupt_bit::software);
}
inline void send(const Platform& platform, std::size_t hart) {
    if (platform.has_messages())
        send_message(platform, hart);
    else
        bare_call(sbi::Extension::Ipi, 0, 1, platform.hart_ids[hart]);
}
/// Where they are enabled but not taken: this hart's is seen to.
inline void clear(const Platform& platform) {
    if (platform.has_messages())
        (void)take_message();
    else
        clear_csr<csr::sip>(interrupt_bit::software);
}
/// How many of them a hart has taken. It alone writes that, between instructions.
inline std::uint64_t taken(const Hart& hart) {
    return hart.ipis.load(std::memory_order_relaxed);
}
/// Calls `send`, and waits without WFI until `hart` has taken what it sends.
inline void send_and_spin(const Hart& hart, auto send) {
    const std::uint64_t before = taken(hart);
    send();
    while (taken(hart) == before) {
    }
}

}
