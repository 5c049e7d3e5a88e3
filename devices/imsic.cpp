// SPDX-License-Identifier: Apache-2.0
#include "devices/imsic.hpp"

namespace devices {

namespace {

constexpr std::uint64_t eidelivery = 0x70, eithreshold = 0x72, first_eip = 0x80, first_eie = 0xc0, end = 0x100;
constexpr unsigned word_bits = 64; // with XLEN = 64, an even number stands for two registers of 32 bits

bool in_array(std::uint64_t number) {
    return number >= first_eip && number < end && number % 2 == 0;
}

}

void Imsic::reset() {
    delivers_ = false;
    threshold_ = 0;
    pending_ = enabled_ = {};
    update();
}

void Imsic::receive(std::uint64_t identity) {
    if (identity == 0 || identity > identities)
        return;
    pending_[identity] = true;
    update();
}

/// seteipnum_le; messages in big-endian byte order are not known here.
void Imsic::write(std::uint64_t offset, unsigned width, std::uint64_t value) {
    if (offset == 0 && width == 4)
        receive(value & 0xffff'ffff);
}

std::uint32_t Imsic::best() const {
    const Identities candidates = pending_ & enabled_;
    const std::uint32_t limit = threshold_ == 0 ? identities + 1 : threshold_;
    for (std::uint32_t identity = 1; identity < limit; ++identity)
        if (candidates[identity])
            return identity;
    return 0;
}

void Imsic::update() {
    const bool now = delivers_ && best() != 0;
    if (now == told_)
        return;
    told_ = now;
    listener_.external_interrupt(hart_, now);
}

std::uint64_t Imsic::top() const {
    const std::uint64_t identity = best(); // whose number is its priority
    return identity << 16 | identity;
}

void Imsic::claim() {
    pending_[best()] = false; // that of 0 is never set
    update();
}

std::optional<std::uint64_t> Imsic::read_register(std::uint64_t number) const {
    if (number == eidelivery)
        return delivers_;
    if (number == eithreshold)
        return threshold_;
    if (!in_array(number))
        return {};
    const Identities& bits = number < first_eie ? pending_ : enabled_;
    const std::uint64_t first = (number - (number < first_eie ? first_eip : first_eie)) / 2 * word_bits;
    std::uint64_t word = 0;
    for (unsigned i = 0; i < word_bits && first + i <= identities; ++i)
        word |= std::uint64_t{bits[first + i]} << i;
    return word;
}

void Imsic::write_register(std::uint64_t number, std::uint64_t value) {
    if (number == eidelivery && value <= 1) {
        delivers_ = value == 1;
    } else if (number == eithreshold && value <= identities) {
        threshold_ = static_cast<std::uint32_t>(value);
    } else if (in_array(number)) {
        Identities& bits = number < first_eie ? pending_ : enabled_;
        const std::uint64_t first = (number - (number < first_eie ? first_eip : first_eie)) / 2 * word_bits;
        for (unsigned i = 0; i < word_bits && first + i <= identities; ++i)
            bits[first + i] = (value >> i & 1) != 0;
        bits[0] = false; // there is no identity 0
    }
    update();
}

}
