// SPDX-License-Identifier: Apache-2.0
// Interrupts that come as messages (AIA, "Incoming MSI Controller"): the harts' own, and those of guests.
#include "nucleus/riscv/csr.hpp"
#include "nucleus/riscv/guest.hpp"
#include "nucleus/scheduler.hpp"

namespace {

// An interrupt file's registers, as siselect numbers them. Of eip and eie, 32 bits each, the even numbers stand for
// two.
constexpr std::uint64_t eidelivery = 0x70, eithreshold = 0x72, first_eip = 0x80, first_eie = 0xc0;
constexpr std::uint64_t supervisor_external = 1 << 9; // of vsie

std::uint64_t bit(std::uint64_t file) {
    return std::uint64_t{1} << file;
}

}

void open_messages() {
    if (!nucleus.interrupts.messages())
        return;
    const std::uint64_t lines = nucleus.interrupts.lines();
    for (std::uint64_t done = 0; done <= nucleus.identities; done += 64) {
        csr::siselect.write(first_eie + done / 32);
        csr::sireg.write(lines >= done + 63 ? ~std::uint64_t{0} : lines >= done ? bit(lines - done + 1) - 1 : 0);
    }
    csr::siselect.write(eithreshold);
    csr::sireg.write(0);
    csr::siselect.write(eidelivery);
    csr::sireg.write(1);
}

std::uint32_t take_message() {
    return static_cast<std::uint32_t>(csr::stopei.take(1) >> 16);
}

std::uint64_t guest_file(std::uint64_t page) {
    const std::uint64_t own = nucleus.own_file(this_hart().number);
    return page > own && page - own <= nucleus.file_count ? page - own : 0;
}

void use_file(Vcpu& vcpu, std::uint64_t file) {
    Hart& hart = this_hart();
    const Hstatus status = csr::hstatus.read();
    const std::uint64_t selected = csr::vsiselect.read(); // of whatever vCPU is loaded
    csr::hstatus.write(status.with(Hstatus::vgein, file));
    const auto clear = [](std::uint64_t which) {
        csr::vsiselect.write(which);
        csr::vsireg.write(0);
    };
    clear(eidelivery);
    clear(eithreshold);
    for (std::uint64_t done = 0; done <= nucleus.identities; done += 64) {
        clear(first_eip + done / 32);
        clear(first_eie + done / 32);
    }
    csr::vsiselect.write(selected);
    csr::hstatus.write(status);
    hart.files[file] = {&vcpu, nucleus.pool.serial(&vcpu)};
    vcpu.file_hart = &hart;
    vcpu.file = file;
}

bool file_pending(const Vcpu& vcpu) {
    return vcpu.file_hart == &this_hart() && (csr::hgeip.read() & bit(vcpu.file)) != 0;
}

void watch_file(Vcpu& vcpu) {
    if (vcpu.file_hart == &this_hart() && (vcpu.state(abi::VcpuRegister::Vsie) & supervisor_external) != 0)
        csr::hgeie.set(bit(vcpu.file));
}

void unwatch_file(const Vcpu& vcpu) {
    csr::hgeie.clear(bit(vcpu.file));
}

void wake_files(Hart& hart) {
    const std::uint64_t fired = csr::hgeip.read() & csr::hgeie.read();
    csr::hgeie.clear(fired); // whoever waits again asks again
    for (std::uint64_t file = 1; file <= nucleus.file_count && fired >> file != 0; ++file)
        if (const Hart::File& its = hart.files[file];
            (fired & bit(file)) != 0 && nucleus.pool.serial(its.vcpu) == its.serial)
            interrupt(*its.vcpu, 0, 0);
}
