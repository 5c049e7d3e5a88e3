// SPDX-License-Identifier: Apache-2.0
// A system that answers the tool with whatever it likes: the tool ends with a Failure, or takes it, and what it shows
// holds no control character.
#include <cstdlib>

#include "cli/control/channel.hpp"
#include "cli/control/explain.hpp"
#include "cli/control/records.hpp"
#include "cli/control/text.hpp"
#include "cli/control/top_table.hpp"

namespace {

using Bytes = std::vector<std::byte>;

void append(Bytes& to, control::FrameType type, std::uint16_t session, std::span<const std::byte> payload) {
    const std::size_t at = to.size();
    to.resize(at + control::frame_overhead + payload.size());
    control::encode(std::span{to}.subspan(at), type, session, payload);
}

/// Frames as the input says, most of them whole.
Bytes frames(std::span<const std::byte> input) {
    Bytes stream;
    while (input.size() >= 3) {
        const auto type = static_cast<unsigned>(input[0]), length = static_cast<unsigned>(input[1]) * 8;
        const auto session = static_cast<std::uint16_t>(static_cast<unsigned>(input[2]) < 200 ? 1 : 2);
        input = input.subspan(3);
        const auto payload = input.first(std::min<std::size_t>(length, input.size()));
        input = input.subspan(payload.size());
        append(stream, static_cast<control::FrameType>(type % 9), session, payload);
    }
    return stream;
}

void plain(const std::string& shown, bool lines = false) {
    for (const char c : shown)
        if ((static_cast<unsigned char>(c) < 0x20 && !(lines && c == '\n')) || c == 0x7f)
            std::abort();
}

void show(const control::Event& event) {
    control::TopTable top;
    control::each_record<control::MachineRecord>(event.bytes, [](const auto& record) {
        plain(json(record));
        for (const std::string& cell : row(record))
            plain(cell);
    });
    control::each_record<control::StatsRecord>(event.bytes, [&](const auto& record) {
        plain(json(record));
        top.add(record);
    });
    control::each_record<control::EventRecord>(event.bytes, [](const auto& record) {
        plain(json(record));
        plain(line(record));
    });
    control::each_record<control::TraceRecord>(event.bytes, [](const auto& record) {
        plain(json(record));
        plain(line(record, record.value));
    });
    plain(top.text(), true);
    if (event.kind == control::FrameType::End)
        for (const auto verb :
             {control::Verb::Start, control::Verb::Remove, control::Verb::Shutdown, control::Verb::Gdb})
            plain(explain(verb, "machine", event));
}

}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        std::abort();
    File ours{ends[0]};
    const auto say = [&](const Bytes& bytes) {
        (void)send(ours.descriptor(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    };
    try {
        constexpr std::uint64_t nonce = 7;
        control::Hello hello{};
        hello.magic = control::hello_magic;
        hello.version = control::version;
        hello.nonce = nonce;
        Bytes answer;
        append(answer, control::FrameType::Hello, 0, control::bytes_of(hello));
        say(answer);
        control::Channel channel{File{ends[1]}, std::chrono::milliseconds{1000}, nonce};
        channel.begin(control::Verb::List, "machine");
        say(frames(std::as_bytes(std::span{data, size})));
        shutdown(ours.descriptor(), SHUT_WR);
        while (channel.open())
            show(channel.next());
    } catch (const control::Failure& failure) {
        plain(failure.what());
    }
    return 0;
}
