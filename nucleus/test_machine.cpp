// SPDX-License-Identifier: Apache-2.0
#include "nucleus/test_machine.hpp"

#include <cstdlib>

constinit Nucleus nucleus;
std::size_t TestMachine::self = 0;
std::uint64_t TestMachine::time = 0;
std::vector<std::uint64_t> TestMachine::interrupted;

TestMachine::TestMachine(std::size_t count) : memory(pages) {
    nucleus.pool = Pool{{memory[0].bytes, pages * page_bytes}, {0}};
    nucleus.slice_ticks = 100;
    nucleus.hart_count = count;
    for (std::size_t i = 0; i < count; ++i) {
        harts.emplace_back();
        harts.back().number = i;
        nucleus.harts[i] = &harts.back();
    }
    process.space.account.payer = &process.space.account;
    process.space.account.left = nucleus.pool.pages();
    process.share = share_usual;
    self = 0;
    time = 0;
    interrupted.clear();
}

TestMachine::~TestMachine() {
    nucleus.hart_count = 0;
    nucleus.harts = {};
}

Thread& TestMachine::thread(std::size_t hart, std::uint8_t priority) {
    auto* thread = static_cast<Thread*>(nucleus.pool.allocate(process.space.account, abi::Kind::Thread));
    set_up(*thread, process, harts[hart], static_cast<std::uint8_t>(255 - priority));
    return *thread;
}

Event& TestMachine::event() {
    auto* event = static_cast<Event*>(nucleus.pool.allocate(process.space.account, abi::Kind::Event));
    event->process = &process;
    return *event;
}

Hart& this_hart() {
    return *nucleus.harts[TestMachine::self];
}
std::uint64_t now() {
    return TestMachine::time;
}
void interrupt_hart(const Hart& hart) {
    TestMachine::interrupted.push_back(hart.number);
}
void unload(Vcpu& vcpu) {
    vcpu.hart->vcpu = nullptr;
    vcpu.hart = nullptr;
}
void panic(const char*) {
    std::abort();
}
