// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace devices {

/// A set of numbers below `Count`, kept as registers show it: 32 to a word.
template <std::size_t Count>
class Bits {
    static_assert(Count % 32 == 0);

  public:
    static constexpr std::size_t words = Count / 32;

    bool operator[](std::size_t number) const { return (words_[number / 32] >> number % 32 & 1) != 0; }
    void set(std::size_t number, bool member) {
        const std::uint32_t bit = std::uint32_t{1} << number % 32;
        words_[number / 32] = member ? words_[number / 32] | bit : words_[number / 32] & ~bit;
    }
    /// The numbers from 32 * `index` on. A word that there is not reads as 0, and stays that.
    std::uint32_t word(std::uint64_t index) const { return index < words ? words_[index] : 0; }
    void set_word(std::uint64_t index, std::uint32_t members) {
        if (index < words)
            words_[index] = members;
    }

  private:
    std::array<std::uint32_t, words> words_{};
};

/// Calls `visit` with each number that is in both sets, from the lowest on.
template <std::size_t Count>
void for_each_in_both(const Bits<Count>& one, const Bits<Count>& other, auto&& visit) {
    for (std::uint32_t index = 0; index < Bits<Count>::words; ++index)
        for (std::uint32_t both = one.word(index) & other.word(index); both != 0; both &= both - 1)
            visit(32 * index + static_cast<std::uint32_t>(std::countr_zero(both)));
}

}
