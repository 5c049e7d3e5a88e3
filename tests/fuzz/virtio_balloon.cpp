// SPDX-License-Identifier: Apache-2.0
// A balloon: inflate, deflate, statistics and reporting queues.
#include "base/page.hpp"
#include "devices/virtio/balloon.hpp"
#include "tests/fuzz/virtio.hpp"

namespace {

using namespace fuzz;

class Ledger final : public BalloonListener, public Kind {
  public:
    Balloon* balloon = nullptr;

    void pages_given_up(GuestRange range) override { check(range); }
    void pages_taken_back(GuestRange range) override { check(range); }
    void pages_free(GuestRange range) override { check(range); }
    void statistic(std::uint16_t, std::uint64_t) override { ++calls; }

    void request(Guest& guest, Input& input) override {
        const unsigned queue = input.next() % 5;
        if (queue > 2)
            return guest.add(queue, guest.some_buffers(true));
        const GuestPhysical list = Ram::buffer(0x8000 + 4 * input.below(64));
        const std::uint32_t count = input.next() % 16;
        for (std::uint32_t index = 0; index < count; ++index)
            guest.memory().view().write(
                GuestPhysical{list.value + 4 * index},
                static_cast<std::uint32_t>((Ram::base.value >> page_bits) - 2 + input.next() % 70));
        guest.add(queue, {{list, 4 * count + (input.next() % 8 == 0)}});
    }
    void host(Input& input) override {
        balloon->set_target(input.next());
        must(balloon->target() <= Ram::bytes / page_bytes);
        (void)balloon->request_statistics();
    }

  private:
    void check(GuestRange range) {
        ++calls;
        must(range.bytes != 0 && aligned(range.first.value, page_bytes) && aligned(range.bytes, page_bytes));
        must(GuestRange{Ram::base, Ram::bytes}.contains(range.first, range.bytes));
    }
};

}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Input input{{data, size}};
    const Ram memory;
    Ledger ledger;
    Balloon balloon{memory.view(), ledger};
    ledger.balloon = &balloon;
    Guest{input, memory, balloon, ledger, queue_size_limit * queue_size_limit}.play();
    return 0;
}
