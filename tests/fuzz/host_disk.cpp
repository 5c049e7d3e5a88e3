// SPDX-License-Identifier: Apache-2.0
// A disk's driver beside a device of the host that is broken or hostile: it answers anything, in any order, and writes
// over rings and registers. Each request is answered at most once, and nothing outside the driver's memory is touched.
#include <map>

#include "tests/fake/host_device.hpp"
#include "tests/fuzz/input.hpp"

namespace {

using namespace fuzz;
using devices::DiskOperation;

class Asker final : public devices::Disk::Listener {
  public:
    void submit(Input& input, machine::HostDisk& disk) {
        constexpr std::array operations{DiskOperation::Read, DiskOperation::Write, DiskOperation::Flush,
                                        DiskOperation::Discard, DiskOperation::WriteZeroes};
        const DiskOperation operation = operations[input.next() % operations.size()];
        std::vector<devices::Segment> segments;
        if (operation == DiskOperation::Read || operation == DiskOperation::Write)
            segments.assign(1 + input.next() % devices::DiskRequest::segment_limit, {HostDevice::guest_base, 512});
        const std::uint64_t token = ++last_;
        open_[token] = true;
        if (!disk.submit({.operation = operation,
                          .sector = input.next(),
                          .sectors = segments.size() + 1,
                          .segments = segments,
                          .token = token},
                         *this))
            open_.erase(token);
    }
    bool empty() const { return open_.empty(); }

  private:
    void disk_done(std::uint64_t token, bool) override { must(open_.erase(token) == 1); }
    std::map<std::uint64_t, bool> open_;
    std::uint64_t last_ = 0;
};

void misbehave(Input& input, HostDevice& device) {
    switch (input.next() % 6) {
    case 0: device.use(input.next<std::uint32_t>()); break;
    case 1: device.use(input.next()); break;
    case 2: device.at<std::uint16_t>(HostDevice::QueueDevice, 2) = input.next<std::uint16_t>(); break;
    case 3: {
        const std::string_view text = input.text(input.next());
        std::memcpy(device.dma.get() + input.next<std::uint16_t>() % (HostDevice::dma_bytes - text.size()), text.data(),
                    text.size());
        break;
    }
    case 4: device.set(input.next() % 128 * 4, input.next<std::uint32_t>()); break;
    default: device.finish(device.available(input.next()) % HostDevice::queue_size, input.next() % 4);
    }
}

}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Input input{{data, size}};
    HostDevice device{input.next<std::uint32_t>(), input.next<std::uint64_t>()};
    const auto rings = device.registers;
    auto disk = device.open();
    must(disk.has_value());
    const auto good = device.registers;
    must(good != rings);
    Asker asker;
    for (unsigned acts = 0; acts < 3000 && !input.empty(); ++acts) {
        const std::uint8_t choice = input.next();
        if (choice < 100)
            asker.submit(input, *disk);
        else if (choice < 140)
            disk->interrupt();
        else
            misbehave(input, device);
        for (std::size_t at = 0x80; at < 0xb0; ++at)
            device.registers[at] = good[at]; // where this device looks for the rings
    }
    return 0;
}
