// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/address.hpp"

/// A fixed list: what does not fit is left out, and that is said.
template <class T, std::size_t Limit>
struct List {
    std::array<T, Limit> items{};
    std::size_t count = 0;
    bool overflown = false;

    void add(const T& item) {
        if (count == Limit)
            overflown = true;
        else
            items[count++] = item;
    }
    std::span<const T> all() const { return {items.data(), count}; }
};

/// What the nucleus must know of the machine; the manager reads the rest.
struct MachineFacts {
    struct Hart {
        std::uint64_t id = 0;
        std::uint32_t interrupt_controller = 0; ///< phandle
    };
    struct Context {
        std::uint32_t interrupt_controller = 0; ///< phandle of the hart's
        std::uint32_t interrupt = 0;            ///< 9: supervisor external
    };
    List<Hart, 64> harts;
    List<HostRange, 16> ram;
    List<HostRange, 32> reserved; ///< by firmware: no RAM of ours
    HostRange initrd;
    HostRange plic;
    std::uint64_t plic_lines = 0;
    List<Context, 128> plic_contexts;
    HostRange aplic; ///< the one that sends messages to the harts' supervisor mode,
    std::uint64_t aplic_lines = 0;
    HostRange imsics;                                               ///< and where it sends them
    std::uint64_t imsic_identities = 0, imsic_guest_index_bits = 0; ///< identities: of every file
    List<Context, 128> imsic_harts;                                 ///< by hart index
    std::uint64_t timebase_hertz = 0;
    std::uint64_t blob_bytes = 0;
};

/// Reads a flattened device tree (devicetree specification, chapter 5). `blob` may be longer than the tree. False if it
/// is none, or is broken. Addresses and sizes in it are taken to be of #address-cells = #size-cells = 2, as on every
/// 64-bit RISC-V machine, but for the harts' (1 and 0).
bool read_device_tree(std::span<const std::byte> blob, MachineFacts& facts);
