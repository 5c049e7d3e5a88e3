// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "sdk/debug_link.hpp"
#include "sdk/frames.hpp"

namespace machine {

/// The monitor's end of the debug channel (sdk/debug_link.hpp): who watches the machine, and what goes
/// between them and it. What comes here is no more trusted than the host.
class WatchChannel {
  public:
    class Listener {
      public:
        virtual ~Listener() = default;
        /// A byte of the debugger's. What that makes us say fits into `answer_room`.
        virtual void debugger_says(std::byte byte) = 0;
        /// It has hung up, or its connection has broken.
        virtual void debugger_left() = 0;
        /// Someone wants a trace; whether there is memory for it.
        virtual bool begin_trace() = 0;
        virtual void end_trace() = 0;
    };
    /// An answer of GDB's protocol, with everything in it escaped, its acknowledgement, and a word about a stop.
    static constexpr std::size_t answer_room = 9 << 10;

    WatchChannel(sdk::Channel channel, Listener& listener) : channel_{std::move(channel)}, listener_{listener} {}
    WatchChannel(const WatchChannel&) = delete;
    WatchChannel& operator=(const WatchChannel&) = delete;

    /// Takes what has come, a bounded part of it.
    void poll();
    /// Before waiting: has the event raised when there is more, or room again; whether there is already.
    bool arm();

    /// To the debugger, if there is one.
    void send(std::span<const std::byte> bytes) { tell(control::FrameType::Data, debugger_, bytes); }
    /// How many records can be sent now: what is left is for a debugger.
    std::size_t record_room();
    void send(std::span<const control::TraceRecord> records) {
        tell(control::FrameType::Data, trace_, std::as_bytes(records));
    }

  private:
    void take(const frames::Frame& frame);
    void open(std::uint16_t session, std::span<const std::byte> request);
    void leave(std::uint16_t session);
    bool take_input();
    void tell(control::FrameType type, std::uint16_t session, std::span<const std::byte> payload);

    sdk::Channel channel_;
    frames::Reader reader_{channel_};
    Listener& listener_;
    std::uint16_t debugger_ = 0, trace_ = 0; ///< their sessions; 0: none
    std::vector<std::byte> input_;           ///< the debugger's, of which `taken_` bytes have been passed on
    std::size_t taken_ = 0;
};

}
