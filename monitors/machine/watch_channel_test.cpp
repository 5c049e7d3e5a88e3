// SPDX-License-Identifier: Apache-2.0
#include "monitors/machine/watch_channel.hpp"

#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "base/control_frames.hpp"

namespace {

using control::FrameType, control::Verb;

struct WatchChannel : testing::Test, machine::WatchChannel::Listener {
    struct Memory {
        alignas(4096) std::array<std::byte, sdk::debug_shape.bytes()> bytes{};
    };
    std::unique_ptr<Memory> memory = std::make_unique<Memory>();
    sdk::Channel service{memory->bytes, sdk::debug_shape, sdk::Channel::Side::Second, [this] { ++wakes; }};
    frames::Reader reader{service};
    machine::WatchChannel watch{{memory->bytes, sdk::debug_shape, sdk::Channel::Side::First, [] {}}, *this};
    int wakes = 0; ///< of the monitor
    std::string said, events, answer;
    bool has_memory = true;

    void debugger_says(std::byte byte) override {
        said += static_cast<char>(byte);
        if (!answer.empty())
            watch.send(std::as_bytes(std::span{answer}));
    }
    void debugger_left() override { events += "left "; }
    bool begin_trace() override { return events += "begin ", has_memory; }
    void end_trace() override { events += "end "; }

    void tell(FrameType type, std::uint16_t session, std::span<const std::byte> payload = {}) {
        const control::FrameHeader header{static_cast<std::uint32_t>(payload.size()), static_cast<std::uint16_t>(type),
                                          session};
        ASSERT_TRUE(service.write_both(control::bytes_of(header), payload));
    }
    void request(std::uint16_t session, Verb verb) {
        control::Request request{};
        request.verb = static_cast<std::uint16_t>(verb);
        tell(FrameType::Request, session, control::bytes_of(request));
    }
    void type(std::uint16_t session, std::string_view text) {
        tell(FrameType::Data, session, std::as_bytes(std::span{text}));
    }
    /// What the console service hears: sessions and types, and how many bytes.
    std::string heard() {
        std::string all;
        while (const auto frame = reader.next())
            all += std::to_string(frame->header.session) + ":" + std::to_string(frame->header.type) + ":" +
                   std::to_string(frame->payload.size()) + " ";
        return all;
    }
};

TEST_F(WatchChannel, a_debugger_is_heard_in_its_session_alone) {
    request(7, Verb::Gdb);
    type(7, "$g#67");
    type(8, "nobody's");
    watch.poll();
    EXPECT_EQ(said, "$g#67");
    EXPECT_EQ(heard(), "7:8:0 ");
    tell(FrameType::End, 7);
    type(7, "late");
    watch.poll();
    EXPECT_EQ(events, "left ");
    EXPECT_EQ(said, "$g#67");
    watch.send(std::as_bytes(std::span{said}));
    EXPECT_EQ(heard(), "") << "nobody is attached";
}

TEST_F(WatchChannel, another_debugger_takes_the_place_of_the_first) {
    request(1, Verb::Gdb);
    request(2, Verb::Gdb);
    tell(FrameType::End, 1);
    type(2, "x");
    watch.poll();
    EXPECT_EQ(events, "left ");
    EXPECT_EQ(said, "x");
}

TEST_F(WatchChannel, a_trace_begins_and_ends_and_may_have_no_memory) {
    request(1, Verb::Trace);
    request(2, Verb::Gdb);
    watch.poll();
    const control::TraceRecord record{};
    watch.send(std::span{&record, 1});
    tell(FrameType::End, 1);
    has_memory = false;
    request(3, Verb::Trace);
    watch.poll();
    EXPECT_EQ(events, "begin end begin ");
    EXPECT_EQ(heard(), "1:8:0 2:8:0 1:3:32 3:7:8 ");
}

TEST_F(WatchChannel, a_number_that_is_in_use_is_the_new_sessions) {
    request(1, Verb::Gdb);
    request(1, Verb::Trace);
    tell(FrameType::End, 1);
    request(2, Verb::Trace);
    watch.poll();
    EXPECT_EQ(events, "left begin end begin ");
}

TEST_F(WatchChannel, all_sessions_end_at_once_for_a_console_service_that_begins_anew) {
    request(1, Verb::Gdb);
    request(2, Verb::Trace);
    tell(FrameType::End, debug_link::every_session);
    type(1, "late");
    watch.poll();
    EXPECT_EQ(events, "begin left end ");
    EXPECT_EQ(said, "");
}

TEST_F(WatchChannel, other_verbs_are_refused) {
    request(1, Verb::Console);
    tell(FrameType::Request, 2, std::as_bytes(std::span{"short"}));
    watch.poll();
    EXPECT_EQ(heard(), "1:7:8 2:7:8 ");
}

TEST_F(WatchChannel, a_debugger_that_does_not_read_answers_is_not_heard_further_until_it_does) {
    request(1, Verb::Gdb);
    answer.assign(8000, 'a');
    type(1, "abcdef");
    watch.poll();
    EXPECT_LT(said.size(), 6u);
    EXPECT_FALSE(watch.arm());
    std::string all;
    while (said.size() < 6) {
        const int before = wakes;
        all += heard();
        EXPECT_GT(wakes, before) << "room wakes the monitor";
        watch.poll();
        (void)watch.arm();
    }
    all += heard();
    EXPECT_EQ(said, "abcdef");
    EXPECT_EQ(std::ranges::count(all, ' '), 1 + 6) << "no answer is lost";
}

TEST_F(WatchChannel, a_trace_leaves_room_for_a_debugger) {
    request(1, Verb::Trace);
    request(2, Verb::Gdb);
    watch.poll();
    const std::vector<control::TraceRecord> records(64);
    while (const std::size_t room = watch.record_room())
        watch.send(std::span{records}.first(std::min(room, records.size())));
    answer.assign(8000, 'a');
    type(2, "x");
    watch.poll();
    EXPECT_TRUE(heard().ends_with("2:3:8000 "));
    EXPECT_GT(watch.record_room(), 0u);
}

TEST_F(WatchChannel, half_a_frame_is_waited_for_once) {
    const control::FrameHeader header{100, static_cast<std::uint16_t>(FrameType::Data), 1};
    (void)service.write(control::bytes_of(header));
    watch.poll();
    EXPECT_FALSE(watch.arm()) << "there is nothing new";
    (void)service.write(control::bytes_of(header));
    EXPECT_TRUE(watch.arm());
}

TEST_F(WatchChannel, a_flood_is_taken_in_parts) {
    request(1, Verb::Gdb);
    for (int i = 0; i < 100; ++i)
        type(1, "x");
    watch.poll();
    EXPECT_LT(said.size(), 100u);
    EXPECT_TRUE(watch.arm());
}

}
