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

/// A machine whose monitor answers those who watch it.
struct Watched : Host {
    sdk::Channel monitor{std::span{memory->bytes}.subspan(sdk::console_shape.bytes(), sdk::debug_shape.bytes()),
                         sdk::debug_shape, sdk::Channel::Side::First, [] {}};
    frames::Reader from_service{monitor};

    /// The next frame that the monitor gets: type, session, payload.
    std::optional<Told> heard() {
        while (sessions.pump()) {
        }
        const auto frame = from_service.next();
        if (!frame)
            return {};
        return Told{frame->type(),
                    frame->header.session,
                    {reinterpret_cast<const char*>(frame->payload.data()), frame->payload.size()}};
    }
    void say(FrameType type, std::uint16_t session, std::string_view payload = {}) {
        const control::FrameHeader header{static_cast<std::uint32_t>(payload.size()), static_cast<std::uint16_t>(type),
                                          session};
        ASSERT_TRUE(monitor.write_both(control::bytes_of(header), std::as_bytes(std::span{payload})));
    }
    void type(std::uint16_t session, std::string_view bytes) {
        send(FrameType::Data, session, std::as_bytes(std::span{bytes}));
    }
    static std::string records(std::size_t count) { return std::string(count * sizeof(control::TraceRecord), 'r'); }
};

TEST(Watchers, a_debugger_and_the_monitor_hear_each_other) {
    Watched host;
    host.request(5, Verb::Gdb, "one");
    const auto request = host.heard();
    ASSERT_TRUE(request && request->type == FrameType::Request && request->payload.size() == sizeof(control::Request));
    host.say(FrameType::Opened, request->session);
    EXPECT_EQ(host.told().at(0).type, FrameType::Opened);
    host.type(5, "$g#67");
    EXPECT_EQ(host.heard()->payload, "$g#67");
    EXPECT_EQ(host.told().at(0).type, FrameType::Credit);
    host.say(FrameType::Data, request->session, "+");
    EXPECT_EQ(host.told().at(0).payload, "+");
    host.send(FrameType::End, 5, {});
    EXPECT_EQ(Host::status(host.told().at(0)), Status::Closed);
    EXPECT_EQ(host.heard()->type, FrameType::End);
    host.say(FrameType::Data, request->session, "late");
    EXPECT_TRUE(host.told().empty());
}

TEST(Watchers, a_console_service_that_begins_anew_ends_what_an_earlier_one_began) {
    Watched host;
    host.request(5, Verb::Gdb, "one");
    const auto before = host.heard();
    host.sessions.reset();
    EXPECT_EQ(host.heard()->type, FrameType::End);
    host.machines[3]->go_on();
    const auto told = host.heard();
    ASSERT_TRUE(told && told->type == FrameType::End);
    EXPECT_EQ(told->session, debug_link::every_session);
    host.request(5, Verb::Gdb, "one");
    const auto after = host.heard();
    ASSERT_TRUE(before && after);
    EXPECT_NE(after->session, before->session);
    host.say(FrameType::Data, before->session, "late");
    host.say(FrameType::Opened, after->session);
    const auto heard = host.told();
    ASSERT_EQ(heard.size(), 1u);
    EXPECT_EQ(heard[0].type, FrameType::Opened);
}

TEST(Watchers, the_monitor_is_told_when_the_connection_breaks) {
    Watched host;
    host.request(5, Verb::Gdb, "one");
    host.request(6, Verb::Trace, "one");
    const auto first = host.heard(), second = host.heard();
    ASSERT_TRUE(first && second);
    host.sessions.reset();
    EXPECT_EQ(host.heard()->session, first->session);
    EXPECT_EQ(host.heard()->session, second->session);
    host.request(5, Verb::Gdb, "one");
    EXPECT_NE(host.heard()->session, first->session) << "what the first is still told is not the second's";
}

TEST(Watchers, a_second_one_is_refused_or_takes_the_firsts_place) {
    Watched host;
    host.request(1, Verb::Gdb, "one");
    host.request(2, Verb::Gdb, "one");
    host.request(3, Verb::Trace, "one");
    const auto told = host.told();
    ASSERT_EQ(told.size(), 1u);
    EXPECT_EQ(told[0].session, 2u);
    EXPECT_EQ(Host::status(told[0]), Status::Busy);
    host.request(4, Verb::Gdb, "one", control::flag::force);
    const auto forced = host.told();
    ASSERT_EQ(forced.size(), 1u);
    EXPECT_EQ(forced[0].session, 1u);
    std::vector<FrameType> types;
    while (const auto heard = host.heard())
        types.push_back(heard->type);
    EXPECT_EQ(types, (std::vector{FrameType::Request, FrameType::Request, FrameType::End, FrameType::Request}));
}

TEST(Watchers, records_for_which_there_is_no_credit_are_counted) {
    Watched host;
    host.request(1, Verb::Trace, "one");
    const auto session = host.heard()->session;
    std::size_t bytes = 0;
    for (int i = 0; i < 33; ++i) { // of 2 KiB, where 64 KiB may be sent
        host.say(FrameType::Data, session, Watched::records(64));
        for (const auto& told : host.told())
            bytes += told.payload.size();
    }
    EXPECT_EQ(bytes, control::initial_credit);
    host.send(FrameType::Credit, 1, control::bytes_of(control::Credit{4096}));
    host.say(FrameType::Data, session, Watched::records(1));
    const auto told = host.told();
    ASSERT_EQ(told.size(), 2u);
    EXPECT_EQ(told[0].type, FrameType::Lost);
    EXPECT_EQ(control::message_in<control::Lost>(std::as_bytes(std::span{told[0].payload}))->count, 64u);
    EXPECT_EQ(told[1].payload.size(), sizeof(control::TraceRecord));
}

TEST(Watchers, a_debugger_without_credit_is_told_later) {
    Watched host;
    host.request(1, Verb::Gdb, "one");
    const auto session = host.heard()->session;
    for (int i = 0; i < 17; ++i) {
        host.say(FrameType::Data, session, std::string(4096, 'x'));
        (void)host.told();
    }
    host.say(FrameType::Data, session, "last");
    EXPECT_TRUE(host.told().empty());
    EXPECT_FALSE(host.machines[3]->arm()) << "what waits for credit is nothing new";
    host.send(FrameType::Credit, 1, control::bytes_of(control::Credit{1 << 20}));
    const auto told = host.told();
    ASSERT_EQ(told.size(), 2u);
    EXPECT_EQ(told[1].payload, "last");
}

TEST(Watchers, sessions_end_with_their_machine_after_its_last_words) {
    Watched host;
    host.request(1, Verb::Gdb, "one");
    const auto session = host.heard()->session;
    host.say(FrameType::Data, session, "$W00#b7");
    host.sessions.ended(3);
    host.machines[3]->stop();
    const auto told = host.told();
    ASSERT_EQ(told.size(), 2u);
    EXPECT_EQ(told[0].payload, "$W00#b7");
    EXPECT_EQ(Host::status(told[1]), Status::Done);
    host.request(2, Verb::Gdb, "one");
    EXPECT_EQ(Host::status(host.told().at(0)), Status::WrongState);
}

TEST(Watchers, what_a_monitor_says_is_taken_while_somebody_watches_and_afterwards_when_it_asks) {
    Watched host;
    EXPECT_EQ(host.sessions.watched(), 0u);
    host.request(1, Verb::Gdb, "one");
    const auto session = host.heard()->session;
    EXPECT_EQ(host.sessions.watched(), slot_bit(3));
    host.say(FrameType::Data, session, "+");
    EXPECT_TRUE(host.sessions.pump(0));
    host.send(FrameType::End, 1, {});
    EXPECT_EQ(host.sessions.watched(), 0u);
    host.say(FrameType::End, session);
    EXPECT_FALSE(host.sessions.pump(~slot_bit(3)));
    EXPECT_FALSE(host.machines[3]->arm(false)) << "there is no room for it";
    EXPECT_TRUE(host.machines[3]->arm(true));
    EXPECT_TRUE(host.sessions.pump(slot_bit(3)));
    EXPECT_FALSE(host.machines[3]->arm(true));
}

TEST(Watchers, a_monitor_that_takes_nothing_more_is_told_of) {
    Watched host;
    Status status = Status::Done;
    for (std::uint16_t id = 1; id < 1000 && status == Status::Done; ++id) {
        host.request(id, Verb::Gdb, "one");
        if (const auto told = host.told(); !told.empty())
            status = Host::status(told.at(0));
        host.send(FrameType::End, id, {});
        (void)host.told();
    }
    EXPECT_EQ(status, Status::TimedOut);
    std::size_t requests = 0, ends = 0;
    while (const auto heard = host.heard())
        ++(heard->type == FrameType::Request ? requests : ends);
    EXPECT_EQ(requests, ends) << "each end has found room";
}

}
