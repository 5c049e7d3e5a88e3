// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "devices/device.hpp"

namespace devices {

/// A 16550A serial port, a byte for each register (PC16550D data sheet). What the guest sends is sent at once.
class Uart16550 : public Device {
  public:
    static constexpr std::size_t fifo_bytes = 16;

    class Listener {
      public:
        virtual ~Listener() = default;
        virtual void uart_output(std::uint8_t byte) = 0;
        /// There is room for input again.
        virtual void uart_ready() = 0;
    };

    Uart16550(Listener& listener, InterruptLine line) : listener_{listener}, line_{line} {}
    void reset();
    std::uint64_t read(std::uint64_t offset, unsigned width) override;
    void write(std::uint64_t offset, unsigned width, std::uint64_t value) override;
    /// Puts bytes that have come into the FIFO, as many as fit; how many.
    std::size_t receive(std::span<const std::byte> bytes);
    /// The line is held for longer than a byte takes: a break, which takes a byte's place. Whether there was room.
    bool receive_break();
    std::size_t room() const { return capacity() - count_; }

  private:
    std::size_t capacity() const { return fifo_enabled() ? fifo_bytes : 1; }
    bool fifo_enabled() const;
    bool latch() const;
    std::size_t trigger() const;
    void clear_fifo();
    bool break_first() const;
    std::uint8_t tell_of_breaks();
    std::uint8_t take();
    void transmit(std::uint8_t byte);
    std::uint8_t identification() const;
    [[gnu::noinline]] void update();

    Listener& listener_;
    InterruptLine line_;
    std::array<std::uint8_t, fifo_bytes> fifo_{};
    std::size_t first_ = 0, count_ = 0;
    std::uint16_t breaks_ = 0; ///< which bytes of the FIFO stand for one that nobody has heard of yet
    std::uint8_t interrupt_enable_ = 0, fifo_control_ = 0, line_control_ = 0, modem_control_ = 0, scratch_ = 0;
    std::uint8_t divisor_low_ = 12, divisor_high_ = 0;
    bool transmitter_told_ = true, overrun_ = false;
};

}
