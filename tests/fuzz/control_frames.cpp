// SPDX-License-Identifier: Apache-2.0
// A stream from the other side of the control channel: frames come out the same however the stream is cut, lie within
// their bounds, and the next connection's Hello is found whatever came before.
#include <algorithm>
#include <cstdlib>
#include <vector>

#include "base/control_frames.hpp"

namespace {

using Bytes = std::vector<std::byte>;

struct Receiver {
    control::Decoder::Storage storage;
    control::Decoder decoder{storage};
    std::vector<Bytes> frames; ///< with their headers

    void take(std::span<const std::byte> bytes) {
        decoder.feed(bytes, [&](const control::FrameHeader& header, std::span<const std::byte> payload) {
            if (payload.size() != header.length || payload.size() > control::payload_limit)
                std::abort();
            Bytes whole(payload.size() + control::frame_overhead);
            control::encode(whole, static_cast<control::FrameType>(header.type), header.session, payload);
            frames.push_back(std::move(whole));
        });
    }
};

Bytes hello() {
    control::Hello message{};
    message.magic = control::hello_magic;
    Bytes bytes(control::frame_overhead + sizeof message);
    control::encode(bytes, control::FrameType::Hello, 0, control::bytes_of(message));
    return bytes;
}

}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Bytes stream = hello();
    const auto input = std::as_bytes(std::span{data, size});
    stream.insert(stream.end(), input.begin(), input.end());
    static Receiver whole, cut;
    for (Receiver* each : {&whole, &cut}) {
        each->decoder.reset();
        each->frames.clear();
    }
    whole.take(stream);
    for (std::size_t at = 0, step = 0; at < stream.size(); at += step) {
        step = std::min<std::size_t>(stream.size() - at, 1 + (size == 0 ? 0 : data[at % size] % 64));
        cut.take(std::span{stream}.subspan(at, step));
    }
    if (whole.frames != cut.frames || whole.frames.empty())
        std::abort();
    const std::size_t before = whole.frames.size();
    static const Bytes preamble(control::preamble_bytes);
    whole.take(preamble);
    whole.take(hello());
    if (whole.frames.size() != before + 1 || whole.frames.back() != hello())
        std::abort();
    return 0;
}
