// SPDX-License-Identifier: Apache-2.0
#include "services/manager/host_clock.hpp"

#include <algorithm>

#include "sdk/event.hpp"
#include "sdk/mapping.hpp"
#include "sdk/time.hpp"
#include "services/manager/machine.hpp"

std::uint64_t read_host_clock(std::span<const host_devices::Device> devices) {
    const auto device =
        std::ranges::find(devices, std::string_view{"google,goldfish-rtc"}, &host_devices::Device::compatible);
    if (device == devices.end())
        return 0;
    const auto memory = device_memory(*device);
    const auto mapping = memory ? sdk::Mapping::create(memory->slot(), 0, 1) : std::unexpected{memory.error()};
    if (!mapping)
        return 0;
    const auto* registers = reinterpret_cast<const volatile std::uint32_t*>(mapping->bytes().data());
    const std::uint64_t low = registers[0]; // reading it latches the high word
    const std::uint64_t nanoseconds = static_cast<std::uint64_t>(registers[1]) << 32 | low;
    return nanoseconds - sdk::nanoseconds_of_ticks(sdk::now());
}
