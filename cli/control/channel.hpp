// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <deque>
#include <string>

#include "cli/control/failure.hpp"
#include "cli/control/peer.hpp"

namespace control {

/// What a session yields.
struct Event {
    FrameType kind;                 ///< Data, Lost, Opened or End
    std::vector<std::byte> bytes{}; ///< Data
    std::uint64_t lost = 0;
    Status status = Status::Done; ///< End
    std::uint32_t detail = 0;
    std::string text{};
};

/// What is said of a session that the system has forgotten.
inline constexpr std::string_view begun_anew = "the system's console service has begun anew: try again";
/// Whether a file can be read now without waiting.
bool readable(int file);
/// What no frame of an earlier connection can hold. Throws Failure.
std::uint64_t random_nonce();

/// A connection to a running system, with one session at a time. Throws Failure when it breaks.
class Channel {
  public:
    using Milliseconds = std::chrono::milliseconds;
    static constexpr Milliseconds forever{-1};
    /// Takes a connected socket; waits so long for the system's answer to a Hello with this nonce.
    Channel(File socket, Milliseconds patience, std::uint64_t nonce = random_nonce());

    const Hello& system() const { return system_; }
    void begin(Verb verb, std::string_view machine = {}, std::uint16_t flags = 0, std::uint64_t value = 0);
    bool open() const { return open_; }
    /// The session's next event. Nothing if none came in time, or if before that one of the files `also` can be read,
    /// or there is credit where there was none.
    std::optional<Event> next(Milliseconds patience, std::span<const int> also = {});
    /// The session's next event, however long that takes.
    Event next();
    /// The same, but comes back with nothing also when there is more credit.
    std::optional<Event> step(Milliseconds patience);
    /// The event that `next` will yield; null if none came in time.
    const Event* peek(Milliseconds patience);
    /// Bytes that may be sent now, all in one `send`.
    std::size_t credit() const { return std::min<std::uint64_t>(credit_, payload_limit); }
    void send(std::span<const std::byte> bytes);
    void resize(Resize size);
    /// Asks for the session's end, which comes as an event.
    void close();
    /// The session's End, which is to come soon; what comes before it is thrown away.
    Event end(Milliseconds patience);

  private:
    void greet(Milliseconds patience);
    Event take_event();
    void take(const FrameHeader& header, std::span<const std::byte> payload);
    void take_data(std::span<const std::byte> payload);
    /// Writes and reads until there is something new, or `patience` is over.
    void exchange(Milliseconds patience, std::span<const int> also);

    Peer peer_;
    Hello system_{};
    std::uint64_t nonce_;
    bool greeted_ = false, open_ = false;
    std::uint16_t session_ = 0;
    std::uint64_t credit_ = 0; ///< bytes that we may send
    std::uint64_t given_ = 0;  ///< bytes that the system may send
    std::deque<Event> events_;
};

}
