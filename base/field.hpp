// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

/// Bits [High:Low] of a register, as the manual prints them; `Value` is what they mean.
template <unsigned High, unsigned Low, class Value = std::uint64_t>
struct Field {
    static_assert(High >= Low && High < 64);
    static constexpr std::uint64_t ones = ~std::uint64_t{0} >> (63 - (High - Low));
    static constexpr std::uint64_t mask = ones << Low;

    static constexpr Value get(std::uint64_t raw) { return static_cast<Value>((raw >> Low) & ones); }
    static constexpr std::uint64_t set(std::uint64_t raw, Value value) {
        return (raw & ~mask) | ((static_cast<std::uint64_t>(value) << Low) & mask);
    }
};

template <unsigned Position>
using Bit = Field<Position, Position, bool>;

/// A register's value whose fields are constants of the derived type: `Hstatus{}.with(Hstatus::spv, true)`.
template <class Derived>
struct Register {
    std::uint64_t raw = 0;

    template <unsigned High, unsigned Low, class Value>
    constexpr Value get(Field<High, Low, Value> field) const {
        return field.get(raw);
    }
    template <unsigned High, unsigned Low, class Value>
    constexpr Derived with(Field<High, Low, Value> field, Value value) const {
        Derived result;
        result.raw = field.set(raw, value);
        return result;
    }
    friend constexpr bool operator==(Register, Register) = default;
};

static_assert(Field<33, 32>::mask == 0x3'0000'0000);
static_assert(Field<63, 0>::mask == ~std::uint64_t{0});
static_assert(Bit<7>::set(0, true) == 0x80);
