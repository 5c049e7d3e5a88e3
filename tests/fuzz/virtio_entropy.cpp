// SPDX-License-Identifier: Apache-2.0
// Random bytes from a source that is dry now and then.
#include "devices/virtio/entropy.hpp"
#include "tests/fuzz/virtio.hpp"

namespace {

using namespace fuzz;

class Source final : public EntropySource, public Kind {
  public:
    std::size_t fill(std::span<std::byte> bytes) override {
        ++calls;
        must(!bytes.empty() && bytes.size() <= Entropy::request_bytes);
        const std::size_t count = std::min(bytes.size(), most_);
        std::ranges::fill(bytes.first(count), std::byte{0xa5});
        return count;
    }
    void request(Guest& guest, Input& input) override {
        std::vector<Buffer> all = guest.some_buffers(true);
        if (input.next() % 8 == 0)
            all.insert(all.begin(), guest.buffer(false));
        guest.add(0, all);
    }
    void host(Input& input) override { most_ = input.next() % 3 == 0 ? 0 : input.next(); }

  private:
    std::size_t most_ = 100;
};

}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Input input{{data, size}};
    const Ram memory;
    Source source;
    Entropy entropy{memory.view(), source};
    Guest{input, memory, entropy, source, queue_size_limit}.play();
    return 0;
}
