// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <vector>

#include "nucleus/scheduler.hpp"

/// Harts, a clock and a pool for unit tests: what nucleus/riscv/ is on the target.
struct TestMachine {
    explicit TestMachine(std::size_t harts);
    ~TestMachine();

    Thread& thread(std::size_t hart, std::uint8_t priority);
    Event& event();

    static constexpr std::size_t pages = 256;
    struct alignas(4 * page_bytes) Page {
        std::byte bytes[page_bytes];
    };
    std::vector<Page> memory;
    std::deque<Hart> harts;
    Process process;

    static std::size_t self; ///< the hart that the nucleus runs on
    static std::uint64_t time;
    static std::vector<std::uint64_t> interrupted; ///< numbers of harts
};
