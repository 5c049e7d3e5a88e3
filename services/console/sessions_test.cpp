// SPDX-License-Identifier: Apache-2.0
#include "services/console/sessions.hpp"

#include <gtest/gtest.h>

#include "base/control_frames.hpp"

namespace {

using control::FrameType, control::Status, control::Verb;

struct Host {
    struct Memory {
        alignas(4096) std::array<std::byte, MachineConsole::memory_bytes> bytes{};
    };
    std::unique_ptr<Memory> memory = std::make_unique<Memory>();
    MachineConsoles machines;
    Sessions sessions{machines};
    struct Told {
        FrameType type;
        std::uint16_t session;
        std::string payload;
    };

    Host() {
        machines[3] = std::make_unique<MachineConsole>("one", memory->bytes);
        machines[3]->start([](std::uint64_t) {});
    }
    void send(FrameType type, std::uint16_t session, std::span<const std::byte> payload) {
        sessions.from_host(
            {{static_cast<std::uint32_t>(payload.size()), static_cast<std::uint16_t>(type), session}, payload});
    }
    void request(std::uint16_t session, Verb verb, std::string_view name, std::uint16_t flags = 0) {
        const control::Request request{static_cast<std::uint16_t>(verb), flags, 0, 0,
                                       control::array_of<control::Name>(name)};
        send(FrameType::Request, session, control::bytes_of(request));
    }
    void write(std::string_view text) { machines[3]->history().append(std::as_bytes(std::span{text})); }
    static std::vector<Told> taken(frames::Queue& queue, std::size_t mark) {
        std::vector<Told> told;
        while (!queue.empty()) {
            const auto header = *control::message_in<control::FrameHeader>(queue.bytes());
            const auto payload = queue.bytes().subspan(sizeof header, header.length);
            told.push_back({static_cast<FrameType>(header.type),
                            header.session,
                            {reinterpret_cast<const char*>(payload.data()), payload.size()}});
            queue.drop(sizeof header + header.length + mark);
        }
        return told;
    }
    std::vector<Told> told() {
        while (sessions.pump()) {
        }
        return taken(sessions.to_host(), sizeof control::end_mark);
    }
    std::vector<Told> passed_on() { return taken(sessions.to_manager(), 0); }
    static Status status(const Told& told) {
        return static_cast<Status>(control::message_in<control::End>(std::as_bytes(std::span{told.payload}))->status);
    }
};

TEST(Sessions, a_console_gives_what_was_kept_and_what_comes) {
    Host host;
    host.write("kept");
    host.request(5, Verb::Console, "one");
    auto told = host.told();
    ASSERT_EQ(told.size(), 1u);
    EXPECT_EQ(told[0].payload, "kept");
    host.write("new");
    EXPECT_EQ(host.told().at(0).payload, "new");
    host.send(FrameType::End, 5, {});
    EXPECT_EQ(Host::status(host.told().at(0)), Status::Closed);
}

TEST(Sessions, logs_end_at_what_there_was) {
    Host host;
    host.write("all");
    host.request(1, Verb::Logs, "one");
    const auto told = host.told();
    ASSERT_EQ(told.size(), 2u);
    EXPECT_EQ(told[0].payload, "all");
    EXPECT_EQ(Host::status(told[1]), Status::Done);
}

TEST(Sessions, no_more_is_sent_than_there_is_credit_for) {
    Host host;
    const std::string much(MachineConsole::history_bytes, 'x');
    host.request(1, Verb::Console, "one");
    host.write(much);
    std::size_t bytes = 0;
    for (const auto& told : host.told())
        bytes += told.payload.size();
    for (const auto& told : host.told())
        bytes += told.payload.size();
    while (const std::size_t more = [&] {
        std::size_t sum = 0;
        for (const auto& told : host.told())
            sum += told.payload.size();
        return sum;
    }())
        bytes += more;
    EXPECT_EQ(bytes, control::initial_credit);
    host.write("tail");
    EXPECT_TRUE(host.told().empty());
    host.send(FrameType::Credit, 1, control::bytes_of(control::Credit{2}));
    EXPECT_EQ(host.told().at(0).payload, "ta");
    host.write(much + "end");
    host.send(FrameType::Credit, 1, control::bytes_of(control::Credit{1}));
    const auto told = host.told();
    EXPECT_EQ(told.at(0).type, FrameType::Lost);
}

TEST(Sessions, what_is_typed_reaches_the_monitor_and_gives_credit) {
    Host host;
    host.request(1, Verb::Console, "one");
    const std::string_view keys = "keys";
    host.send(FrameType::Data, 1, std::as_bytes(std::span{keys}));
    EXPECT_EQ(host.told().at(0).type, FrameType::Credit);
    sdk::Channel monitor{std::span{host.memory->bytes}.first(sdk::console_shape.bytes()), sdk::console_shape,
                         sdk::Channel::Side::First, [] {}};
    std::array<std::byte, 10> read{};
    EXPECT_EQ(monitor.read(read), 4u);
}

TEST(Sessions, more_typing_than_there_is_credit_for_ends_the_session) {
    Host host;
    host.request(1, Verb::Console, "one");
    const std::vector<std::byte> much(60'000);
    host.send(FrameType::Data, 1, much);
    host.send(FrameType::Data, 1, much);
    bool ended = false;
    for (const auto& told : host.told())
        ended |= told.type == FrameType::End && Host::status(told) == Status::BadRequest;
    EXPECT_TRUE(ended);
    host.request(1, Verb::Logs, "one");
    EXPECT_EQ(Host::status(host.told().back()), Status::Done);
}

TEST(Sessions, verbs_about_lives_are_the_managers_and_only_their_answers_go_back) {
    Host host;
    host.request(9, Verb::Start, "one");
    ASSERT_EQ(host.passed_on().size(), 1u);
    const control::End done{};
    const auto answer = control::bytes_of(done);
    host.sessions.from_manager({{sizeof done, static_cast<std::uint16_t>(FrameType::End), 8}, answer});
    EXPECT_TRUE(host.told().empty());
    host.sessions.from_manager({{sizeof done, static_cast<std::uint16_t>(FrameType::End), 9}, answer});
    EXPECT_EQ(host.told().size(), 1u);
}

TEST(Sessions, the_size_of_a_terminal_is_told_to_the_manager_and_only_a_console_has_one) {
    Host host;
    const control::Resize size{120, 40};
    host.request(1, Verb::Logs, "one", control::flag::follow);
    host.send(FrameType::Resize, 1, control::bytes_of(size));
    host.request(2, Verb::Console, "one");
    host.send(FrameType::Resize, 2, control::bytes_of(size).first(3));
    EXPECT_TRUE(host.passed_on().empty());
    host.send(FrameType::Resize, 2, control::bytes_of(size));
    const auto told = host.passed_on();
    ASSERT_EQ(told.size(), 1u);
    EXPECT_EQ(told[0].type, manager_link::frame_type(manager_link::Type::Resized));
    const auto what = control::message_in<manager_link::Size>(std::as_bytes(std::span{told[0].payload}));
    ASSERT_TRUE(what);
    EXPECT_EQ(what->number, 3u);
    EXPECT_EQ(what->size.columns, 120u);
    EXPECT_EQ(what->size.rows, 40u);
}

TEST(Sessions, bad_requests_end_at_once) {
    Host host;
    host.request(1, Verb::Console, "nobody");
    EXPECT_EQ(Host::status(host.told().at(0)), Status::NoSuchMachine);
    host.request(1, Verb::Console, "one", 0x80);
    EXPECT_EQ(Host::status(host.told().at(0)), Status::BadRequest);
    host.send(FrameType::Request, 1, {});
    EXPECT_EQ(Host::status(host.told().at(0)), Status::BadRequest);
    host.request(1, Verb::Console, "one");
    host.request(1, Verb::Console, "one");
    EXPECT_EQ(Host::status(host.told().at(0)), Status::BadRequest);
}

TEST(Sessions, a_machine_that_is_removed_takes_its_sessions_along) {
    Host host;
    host.request(1, Verb::Console, "one");
    host.sessions.forget(3);
    host.machines[3].reset();
    EXPECT_EQ(Host::status(host.told().at(0)), Status::Gone);
    EXPECT_TRUE(host.told().empty());
}

}
