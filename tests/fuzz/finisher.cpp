// SPDX-License-Identifier: Apache-2.0
// The test device's window: only the words that it knows do something, and each only one thing.
#include "devices/test_finisher.hpp"

#include "tests/fuzz/registers.hpp"

namespace {

using namespace fuzz;

struct World final : devices::TestFinisher::Listener {
    void test_passed() override { ++ends; }
    void test_failed(std::uint16_t) override { ++ends; }
    void test_reset() override { ++ends; }
    unsigned ends = 0;
};

}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    constexpr std::array<std::uint64_t, 3> words{0x5555, 0x3333, 0x7777};
    Input input{{data, size}};
    World world;
    devices::TestFinisher finisher{world};
    while (!input.empty()) {
        const unsigned width = widths[input.next() % widths.size()];
        const std::uint64_t offset = input.next() % 2 != 0 ? 0 : input.next<std::uint16_t>() % (0x1000 - width + 1);
        const std::uint64_t value = input.next() % 2 != 0 ? words[input.next() % 3] | input.next<std::uint64_t>() << 16
                                                          : input.next<std::uint64_t>();
        const unsigned before = world.ends;
        must(finisher.read(offset, width) == 0);
        finisher.write(offset, width, value);
        const bool known = std::ranges::find(words, value & 0xffff) != words.end();
        must(world.ends - before == (offset == 0 && (width == 2 || width == 4) && known));
    }
    return 0;
}
