// SPDX-License-Identifier: Apache-2.0
#include "devices/uart16550.hpp"

#include <utility>

namespace devices {

namespace {

enum Register : std::uint64_t {
    Data,
    InterruptEnable,
    InterruptIdentification,
    LineControl,
    ModemControl,
    LineStatus,
    ModemStatus,
    Scratch
};

constexpr std::uint8_t receive_interrupt = 1, transmit_interrupt = 2, line_status_interrupt = 4, known_interrupts = 15;
constexpr std::uint8_t none_pending = 1, transmitter_empty = 2, data_available = 4, time_out = 12, line_status = 6,
                       fifos_on = 0xc0;
constexpr std::uint8_t fifo_enable = 1, clear_receiver = 2;
constexpr std::uint8_t divisor_latch = 0x80, loopback = 0x10;
constexpr std::uint8_t ready = 1, overrun = 2, break_interrupt = 0x10, empty = 0x60, error_in_fifo = 0x80;

}

bool Uart16550::fifo_enabled() const {
    return (fifo_control_ & fifo_enable) != 0;
}
bool Uart16550::latch() const {
    return (line_control_ & divisor_latch) != 0;
}

void Uart16550::reset() {
    clear_fifo();
    interrupt_enable_ = fifo_control_ = line_control_ = modem_control_ = scratch_ = 0;
    divisor_low_ = 12;
    divisor_high_ = 0;
    transmitter_told_ = true;
    overrun_ = false;
    update();
}

void Uart16550::clear_fifo() {
    first_ = count_ = 0;
    breaks_ = 0;
}

/// The byte that is read next stands for a break.
bool Uart16550::break_first() const {
    return count_ != 0 && (breaks_ >> first_ & 1) != 0;
}

std::size_t Uart16550::trigger() const {
    constexpr std::array<std::size_t, 4> levels{1, 4, 8, 14};
    return fifo_enabled() ? levels[fifo_control_ >> 6] : 1;
}

/// The most urgent interrupt (data sheet, table IV).
std::uint8_t Uart16550::identification() const {
    const std::uint8_t fifos = fifo_enabled() ? fifos_on : 0;
    if ((interrupt_enable_ & line_status_interrupt) != 0 && (overrun_ || break_first()))
        return fifos | line_status;
    if ((interrupt_enable_ & receive_interrupt) != 0 &&
        count_ != 0) // below the trigger level: no more has come for long
        return fifos | (count_ >= trigger() ? data_available : time_out);
    if ((interrupt_enable_ & transmit_interrupt) != 0 && !transmitter_told_)
        return fifos | transmitter_empty;
    return fifos | none_pending;
}

void Uart16550::update() {
    line_.set((identification() & none_pending) == 0);
}

std::size_t Uart16550::receive(std::span<const std::byte> bytes) {
    std::size_t taken = 0;
    for (; taken < bytes.size() && room() != 0; ++taken, ++count_)
        fifo_[(first_ + count_) % fifo_bytes] = static_cast<std::uint8_t>(bytes[taken]);
    update();
    return taken;
}

/// What the line status says of them; of the one that is read next, once.
std::uint8_t Uart16550::tell_of_breaks() {
    const auto bits =
        static_cast<std::uint8_t>((break_first() ? break_interrupt : 0) | (fifo_enabled() ? error_in_fifo : 0));
    breaks_ &= static_cast<std::uint16_t>(~(1u << first_));
    return bits;
}

bool Uart16550::receive_break() {
    const std::size_t at = (first_ + count_) % fifo_bytes;
    constexpr std::byte zero{};
    if (room() == 0)
        return false;
    breaks_ |= static_cast<std::uint16_t>(1u << at);
    return receive({&zero, 1}) == 1;
}

std::uint8_t Uart16550::take() {
    if (count_ == 0)
        return 0;
    const std::uint8_t byte = fifo_[first_];
    breaks_ &= static_cast<std::uint16_t>(~(1u << first_));
    first_ = (first_ + 1) % fifo_bytes;
    --count_;
    update();
    listener_.uart_ready();
    return byte;
}

void Uart16550::transmit(std::uint8_t byte) {
    if ((modem_control_ & loopback) != 0) {
        const std::byte back{byte};
        if (receive({&back, 1}) == 0) {
            overrun_ = true;
            if (!fifo_enabled()) // the byte that nobody has read is lost; of a full FIFO it is the new one
                fifo_[first_] = byte;
        }
        update();
    } else {
        listener_.uart_output(byte);
    }
    if (std::exchange(transmitter_told_, false)) // it was full for a moment
        update();
}

std::uint64_t Uart16550::read(std::uint64_t offset, unsigned) {
    switch (offset) {
    case Data: return latch() ? divisor_low_ : take();
    case InterruptEnable: return latch() ? divisor_high_ : interrupt_enable_;
    case InterruptIdentification: {
        const std::uint8_t value = identification();
        if ((value & 15) == transmitter_empty)
            transmitter_told_ = true;
        update();
        return value;
    }
    case LineControl: return line_control_;
    case ModemControl: return modem_control_;
    case LineStatus: {
        auto value = static_cast<std::uint8_t>(empty | (count_ != 0 ? ready : 0) | (overrun_ ? overrun : 0));
        if (overrun_ || breaks_ != 0) [[unlikely]] { // without which nothing changes
            overrun_ = false;
            if (breaks_ != 0)
                value |= tell_of_breaks();
            update();
        }
        return value;
    }
    case ModemStatus: // carrier, data set ready and clear to send; in loopback what the guest says itself
        if ((modem_control_ & loopback) == 0)
            return 0xb0;
        return static_cast<std::uint64_t>((modem_control_ & 1) << 5 | (modem_control_ & 2) << 3 |
                                          (modem_control_ & 12) << 4);
    case Scratch: return scratch_;
    default: return 0;
    }
}

void Uart16550::write(std::uint64_t offset, unsigned, std::uint64_t value) {
    const auto byte = static_cast<std::uint8_t>(value);
    switch (offset) {
    case Data:
        if (latch())
            divisor_low_ = byte;
        else
            transmit(byte);
        return;
    case InterruptEnable:
        if (latch()) {
            divisor_high_ = byte;
            return;
        }
        if ((byte & transmit_interrupt) != 0 && (interrupt_enable_ & transmit_interrupt) == 0)
            transmitter_told_ = false; // it is empty now
        interrupt_enable_ = byte & known_interrupts;
        return update();
    case InterruptIdentification: // FIFO control
        if (const bool changes = ((byte ^ fifo_control_) & fifo_enable) != 0; changes || (byte & clear_receiver) != 0)
            clear_fifo();
        fifo_control_ = (byte & fifo_enable) != 0 ? byte & 0xc1 : 0;
        update();
        return listener_.uart_ready();
    case LineControl: line_control_ = byte; return;
    case ModemControl: modem_control_ = byte & 0x1f; return;
    case Scratch: scratch_ = byte; return;
    default: return;
    }
}

}
