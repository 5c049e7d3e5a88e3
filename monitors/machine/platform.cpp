// SPDX-License-Identifier: Apache-2.0
// What the machine does for its firmware.
#include "monitors/machine/machine.hpp"
#include "sdk/guest_virtual.hpp"
#include "sdk/must.hpp"
#include "sdk/time.hpp"

namespace machine {

void Machine::set_timer(unsigned hart, std::uint64_t deadline) {
    (void)harts_[hart]->cpu().write(abi::VcpuRegister::Vstimecmp, deadline);
}

void Machine::send_ipi(unsigned hart) {
    harts_[hart]->interrupt(abi::hvip::vssip, 0);
}

bool Machine::clear_ipi(unsigned hart) {
    const auto pending = harts_[hart]->cpu().read(abi::VcpuRegister::Hvip);
    if (!pending || (*pending & abi::hvip::vssip) == 0)
        return false;
    harts_[hart]->interrupt(0, abi::hvip::vssip);
    return true;
}

/// Taking away the rights to a page that is not there changes nothing and fences every hart.
void Machine::remote_fence() {
    (void)memory_.protect({0}, 1, abi::Rights::None);
}

std::expected<std::uint64_t, std::uint64_t> Machine::load_guest_virtual(unsigned, std::uint64_t address) {
    constexpr std::uint64_t load_access_fault = 5, load_guest_page_fault = 21;
    const auto loaded = sdk::load_guest_or_cause({address});
    if (!loaded && loaded.error() == load_guest_page_fault) // no RAM there: of that kind the guest knows nothing
        return std::unexpected{load_access_fault};
    return loaded;
}

std::uint64_t Machine::hardware_counter(HardwareCounter which) {
    using enum abi::SystemFact;
    return sdk::system_info(which == HardwareCounter::Cycle ? Cycle : Instret);
}

void Machine::set_counter_access(unsigned hart, std::uint64_t counters) {
    sdk::must(harts_[hart]->cpu().write(abi::VcpuRegister::Hcounteren, counters), "a virtual CPU's counters");
}

void Machine::set_environment(unsigned hart, std::uint64_t environment) {
    sdk::must(harts_[hart]->cpu().write(abi::VcpuRegister::Henvcfg, environment), "a virtual CPU's environment");
}

/// Firmware has the serial port in common with the guest's driver, as on a board: what has come in there, it takes.
std::size_t Machine::console_read(std::span<std::byte> to) {
    constexpr std::uint64_t data = 0, line_control = 3, line_status = 5, byte = 1;
    constexpr std::uint64_t divisor_latch = 0x80, data_ready = 1;
    if ((uart_.read(line_control, byte) & divisor_latch) != 0) // its driver is just setting the speed
        return 0;
    std::size_t count = 0;
    for (bool more = true; more && count < to.size();) {
        while (count < to.size() && (uart_.read(line_status, byte) & data_ready) != 0)
            to[count++] = static_cast<std::byte>(uart_.read(data, byte));
        pump_input();
        more = (uart_.read(line_status, byte) & data_ready) != 0;
    }
    return count;
}

void Machine::console_output(unsigned, std::span<const std::byte> bytes) {
    console_speaks_ = true;
    terminal_.write(bytes);
}

/// A line is shown as a whole, or as far as it has come after a millisecond.
void Machine::uart_output(std::uint8_t byte) {
    if (!terminal_.put(std::byte{byte}))
        return;
    line_due_ = sdk::now() + sdk::ticks_per_second() / 1000;
    event_.signal(alarm_bit);
}
void Machine::end_line() {
    if (sdk::now() < line_due_)
        return;
    line_due_ = sdk::no_deadline;
    terminal_.flush();
}

}
