// SPDX-License-Identifier: Apache-2.0
#include "monitors/machine/sbi.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <string>
#include <vector>

namespace machine {
namespace {

using sbi::Error;
using sbi::Extension;
using State = HartStates::State;

constexpr std::uint64_t base = 0x8000'0000, ram_bytes = 0x1'0000, end = base + ram_bytes;
constexpr std::uint64_t all_ones = ~std::uint64_t{0}, high_bits = std::uint64_t{1} << 32;
constexpr std::uint64_t ad_updating = std::uint64_t{1} << 61, masks_16 = std::uint64_t{3} << 32;

/// Remembers what it was asked for.
class FakePlatform : public Platform {
  public:
    void set_timer(unsigned hart, std::uint64_t deadline) override { deadlines[hart] = deadline; }
    void send_ipi(unsigned hart) override { pending |= std::uint64_t{1} << hart; }
    bool clear_ipi(unsigned hart) override {
        const bool was = pending >> hart & 1;
        pending &= ~(std::uint64_t{1} << hart);
        return was;
    }
    void remote_fence() override { ++fences; }
    void console_write(std::span<const std::byte> bytes) override {
        written.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    }
    std::size_t console_read(std::span<std::byte> to) override {
        const std::size_t count = std::min(to.size(), typed.size());
        std::memcpy(to.data(), typed.data(), count);
        typed.erase(0, count);
        return count;
    }
    std::expected<std::uint64_t, std::uint64_t> load_guest_virtual(unsigned, std::uint64_t address) override {
        if (address != mask_address)
            return std::unexpected{13};
        return mask;
    }
    void wake_hart(unsigned hart) override { woken |= std::uint64_t{1} << hart; }
    std::uint64_t hardware_counter(HardwareCounter which) override {
        return which == HardwareCounter::Cycle ? cycles : instructions;
    }
    void set_counter_access(unsigned hart, std::uint64_t counters) override { access[hart] = counters; }
    void set_environment(unsigned hart, std::uint64_t environment) override { environments[hart] = environment; }
    abi::Answered answered(unsigned hart) override { return answers[hart]; }

    static constexpr std::uint64_t mask_address = 0xffff'ffc0'0000'1234;
    std::array<std::uint64_t, 8> deadlines{}, access{7, 7, 7, 7, 7, 7, 7, 7}, environments{};
    std::array<abi::Answered, 8> answers{};
    std::uint64_t pending = 0, fences = 0, woken = 0, mask = 0, cycles = 1000, instructions = 500;
    std::string written, typed;
};

/// A machine of three harts, of which the first runs.
class SbiTest : public ::testing::Test {
  protected:
    SbiTest() : SbiTest(ad_updating | masks_16, "i m a svadu") {}
    SbiTest(std::uint64_t environment, std::string_view extensions)
        : bytes(ram_bytes), ram{{base}, bytes}, firmware{3, ram, platform, environment, extensions} {
        firmware.start_first({base, 0});
        EXPECT_TRUE(firmware.take_start(0));
    }

    Outcome outcome(unsigned hart, Extension extension, std::uint64_t function,
                    std::array<std::uint64_t, 6> arguments = {}) {
        return firmware.call({hart, extension, function, arguments});
    }
    Answer call(unsigned hart, Extension extension, std::uint64_t function,
                std::array<std::uint64_t, 6> arguments = {}) {
        const Outcome result = outcome(hart, extension, function, arguments);
        const Answer* answer = std::get_if<Answer>(&result);
        EXPECT_TRUE(answer) << "not an answer";
        return answer ? *answer : Answer{Error::Failed};
    }
    Error error(Extension extension, std::uint64_t function, std::array<std::uint64_t, 6> arguments = {}) {
        return call(0, extension, function, arguments).error;
    }
    std::uint64_t value(Extension extension, std::uint64_t function, std::array<std::uint64_t, 6> arguments = {}) {
        const Answer answer = call(0, extension, function, arguments);
        EXPECT_EQ(answer.error, Error::Success);
        return answer.value;
    }
    std::uint64_t legacy(Extension extension, std::array<std::uint64_t, 6> arguments = {}) {
        const Outcome result = outcome(0, extension, 99, arguments); // the function number does not count
        const LegacyAnswer* answer = std::get_if<LegacyAnswer>(&result);
        EXPECT_TRUE(answer) << "not a legacy answer";
        return answer ? answer->value : 99;
    }
    State state(std::uint64_t hart) { return static_cast<State>(value(Extension::HartState, 2, {hart})); }
    void start(unsigned hart) {
        EXPECT_EQ(error(Extension::HartState, 0, {hart, base}), Error::Success);
        EXPECT_TRUE(firmware.take_start(hart));
    }

    std::vector<std::byte> bytes;
    devices::GuestRam ram;
    FakePlatform platform;
    Sbi firmware;
};

// BASE

TEST_F(SbiTest, says_that_it_is_version_3) {
    EXPECT_EQ(value(Extension::Base, 0), 0x300'0000);
}

TEST_F(SbiTest, names_an_implementation_that_nobody_else_is) {
    EXPECT_GT(value(Extension::Base, 1), 11u);
    EXPECT_GT(value(Extension::Base, 2), 0u);
}

TEST_F(SbiTest, says_nothing_of_the_vendor) {
    for (const std::uint64_t function : std::initializer_list<std::uint64_t>{4, 5, 6})
        EXPECT_EQ(value(Extension::Base, function), 0u);
}

TEST_F(SbiTest, probing_finds_what_there_is_and_nothing_else) {
    for (const Extension there :
         {Extension::Base, Extension::Time, Extension::Ipi, Extension::RemoteFence, Extension::HartState,
          Extension::SystemReset, Extension::SystemSuspend, Extension::PerformanceMonitoring, Extension::DebugConsole,
          Extension::FirmwareFeatures, Extension::LegacySetTimer, Extension::LegacyShutdown})
        EXPECT_EQ(value(Extension::Base, 3, {static_cast<std::uint64_t>(there)}), 1u);
    for (const std::uint64_t absent : {std::uint64_t{9}, std::uint64_t{0xf}, std::uint64_t{0x11},
                                       std::uint64_t{0x535441}, std::uint64_t{0x4e41434c}, high_bits | 0x10, all_ones})
        EXPECT_EQ(value(Extension::Base, 3, {absent}), 0u) << absent;
}

TEST_F(SbiTest, functions_and_extensions_that_there_are_not_are_not_supported) {
    for (const Extension extension :
         {Extension::Base, Extension::Time, Extension::Ipi, Extension::RemoteFence, Extension::HartState,
          Extension::SystemReset, Extension::SystemSuspend, Extension::PerformanceMonitoring, Extension::DebugConsole,
          Extension::FirmwareFeatures})
        for (const std::uint64_t function : {std::uint64_t{9}, high_bits, all_ones})
            EXPECT_EQ(error(extension, function), Error::NotSupported);
    for (const std::uint64_t extension : {std::uint64_t{9}, std::uint64_t{0xf}, std::uint64_t{0x11}, all_ones})
        EXPECT_EQ(error(static_cast<Extension>(extension), 0), Error::NotSupported);
}

// TIME, IPI, RFENCE: what the nucleus leaves, and the whole of them

TEST_F(SbiTest, sets_the_timer_of_the_hart_that_asks) {
    EXPECT_EQ(call(2, Extension::Time, 0, {12345}).error, Error::Success);
    EXPECT_EQ(platform.deadlines[2], 12345u);
    EXPECT_EQ(platform.deadlines[0], 0u);
}

TEST_F(SbiTest, an_ipi_goes_to_all_harts_of_the_mask) {
    EXPECT_EQ(error(Extension::Ipi, 0, {3, 1}), Error::Success);
    EXPECT_EQ(platform.pending, 0b110u);
}

TEST_F(SbiTest, a_mask_base_of_all_ones_means_all_harts_whatever_the_mask) {
    EXPECT_EQ(error(Extension::Ipi, 0, {0, all_ones}), Error::Success);
    EXPECT_EQ(platform.pending, 0b111u);
    EXPECT_EQ(error(Extension::RemoteFence, 0, {~std::uint64_t{7}, all_ones}), Error::Success);
    EXPECT_EQ(platform.fences, 1u);
}

TEST_F(SbiTest, an_empty_mask_names_no_hart_wherever_it_begins) {
    EXPECT_EQ(error(Extension::Ipi, 0, {0, 77}), Error::Success);
    EXPECT_EQ(error(Extension::RemoteFence, 1, {0, all_ones - 1}), Error::Success);
    EXPECT_EQ(platform.pending, 0u);
    EXPECT_EQ(platform.fences, 0u);
}

TEST_F(SbiTest, a_mask_with_an_absent_hart_is_wrong_and_nothing_is_done) {
    for (const Extension extension : {Extension::Ipi, Extension::RemoteFence})
        for (const auto& [mask, first] : {std::pair<std::uint64_t, std::uint64_t>{8, 0},
                                          {0xf, 0},
                                          {4, 1},
                                          {1, 3},
                                          {all_ones, 0},
                                          {1, all_ones - 1},
                                          {1, high_bits}})
            EXPECT_EQ(error(extension, 0, {mask, first}), Error::InvalidParameter) << mask << " " << first;
    EXPECT_EQ(platform.pending, 0u);
    EXPECT_EQ(platform.fences, 0u);
}

TEST_F(SbiTest, remote_fences_take_any_range) {
    for (const std::uint64_t function : std::initializer_list<std::uint64_t>{0, 1, 2})
        for (const auto& [first, size] : {std::pair<std::uint64_t, std::uint64_t>{0, 0},
                                          {0, all_ones},
                                          {all_ones, 2}, // wraps
                                          {0x1001, 3}})
            EXPECT_EQ(error(Extension::RemoteFence, function, {1, 0, first, size, 0xffff}), Error::Success);
    EXPECT_EQ(platform.fences, 12u);
}

TEST_F(SbiTest, there_are_no_fences_of_a_hypervisor) {
    for (const std::uint64_t function : std::initializer_list<std::uint64_t>{3, 4, 5, 6})
        EXPECT_EQ(error(Extension::RemoteFence, function, {1, 0}), Error::NotSupported);
}

// HSM

TEST_F(SbiTest, a_hart_starts_where_it_was_told_with_what_it_was_told) {
    EXPECT_EQ(state(1), State::Stopped);
    EXPECT_EQ(error(Extension::HartState, 0, {1, base + 0x100, 77}), Error::Success);
    EXPECT_EQ(platform.woken, 0b11u);
    EXPECT_EQ(state(1), State::StartPending);
    const auto start = firmware.take_start(1);
    ASSERT_TRUE(start);
    EXPECT_EQ(start->pc, base + 0x100);
    EXPECT_EQ(start->opaque, 77u);
    EXPECT_EQ(state(1), State::Started);
    EXPECT_FALSE(firmware.take_start(1));
}

TEST_F(SbiTest, a_hart_that_is_not_stopped_cannot_be_started) {
    EXPECT_EQ(error(Extension::HartState, 0, {0, base}), Error::AlreadyAvailable);
    EXPECT_EQ(error(Extension::HartState, 0, {1, base}), Error::Success);
    EXPECT_EQ(error(Extension::HartState, 0, {1, base}), Error::AlreadyAvailable); // start pending
    EXPECT_TRUE(firmware.take_start(1));
    EXPECT_TRUE(std::holds_alternative<Suspend>(outcome(1, Extension::HartState, 3)));
    EXPECT_EQ(error(Extension::HartState, 0, {1, base}), Error::AlreadyAvailable);
}

TEST_F(SbiTest, a_hart_that_there_is_not_has_neither_start_nor_status) {
    for (const std::uint64_t hart : {std::uint64_t{3}, high_bits, all_ones}) {
        EXPECT_EQ(error(Extension::HartState, 0, {hart, base}), Error::InvalidParameter);
        EXPECT_EQ(error(Extension::HartState, 2, {hart}), Error::InvalidParameter);
    }
}

TEST_F(SbiTest, a_hart_starts_only_at_an_instruction_in_ram) {
    for (const std::uint64_t address : {std::uint64_t{0}, base - 2, end, base + 1, end - 1, all_ones, all_ones - 1})
        EXPECT_EQ(error(Extension::HartState, 0, {1, address}), Error::InvalidAddress) << address;
    EXPECT_EQ(error(Extension::HartState, 0, {1, end - 2}), Error::Success);
}

TEST_F(SbiTest, a_hart_stops_and_can_be_started_again_at_once) {
    start(1);
    EXPECT_TRUE(std::holds_alternative<Stop>(outcome(1, Extension::HartState, 1)));
    EXPECT_EQ(state(1), State::Stopped);
    EXPECT_FALSE(firmware.take_start(1));
    start(1);
    EXPECT_EQ(state(1), State::Started);
}

TEST_F(SbiTest, a_retentive_suspend_goes_on_behind_the_call) {
    for (const std::uint64_t type : {std::uint64_t{0}, high_bits}) { // 32 bits of it count
        const auto how = outcome(0, Extension::HartState, 3, {type, 1, 2});
        ASSERT_TRUE(std::holds_alternative<Suspend>(how));
        EXPECT_FALSE(std::get<Suspend>(how).resume);
        EXPECT_EQ(static_cast<State>(call(1, Extension::HartState, 2, {0}).value), State::Suspended);
        firmware.woken(0);
        EXPECT_EQ(state(0), State::Started);
    }
}

TEST_F(SbiTest, a_non_retentive_suspend_goes_on_where_it_was_told) {
    const auto how = outcome(0, Extension::HartState, 3, {0x8000'0000, base + 0x40, 5});
    ASSERT_TRUE(std::holds_alternative<Suspend>(how));
    ASSERT_TRUE(std::get<Suspend>(how).resume);
    EXPECT_EQ(std::get<Suspend>(how).resume->pc, base + 0x40);
    EXPECT_EQ(std::get<Suspend>(how).resume->opaque, 5u);
}

TEST_F(SbiTest, a_non_retentive_suspend_resumes_only_at_an_instruction_in_ram) {
    for (const std::uint64_t address : {std::uint64_t{0}, base + 1, end, all_ones})
        EXPECT_EQ(error(Extension::HartState, 3, {0x8000'0000, address}), Error::InvalidAddress);
    EXPECT_EQ(state(0), State::Started);
}

TEST_F(SbiTest, other_types_of_suspend_are_wrong) {
    for (const std::uint64_t type : {0x1ul, 0x0fff'fffful, 0x1000'0000ul, 0x7fff'fffful, 0x8000'0001ul, 0x8fff'fffful,
                                     0x9000'0000ul, 0xffff'fffful})
        EXPECT_EQ(error(Extension::HartState, 3, {type, base}), Error::InvalidParameter) << type;
    EXPECT_EQ(state(0), State::Started);
}

// SUSP

TEST_F(SbiTest, the_system_suspends_when_all_other_harts_are_stopped) {
    const auto how = outcome(0, Extension::SystemSuspend, 0, {0, base + 2, 9});
    ASSERT_TRUE(std::holds_alternative<Suspend>(how));
    ASSERT_TRUE(std::get<Suspend>(how).resume);
    EXPECT_EQ(std::get<Suspend>(how).resume->pc, base + 2);
    EXPECT_EQ(std::get<Suspend>(how).resume->opaque, 9u);
}

TEST_F(SbiTest, the_system_does_not_suspend_while_another_hart_is_not_stopped) {
    EXPECT_EQ(error(Extension::HartState, 0, {2, base}), Error::Success); // start pending
    EXPECT_EQ(error(Extension::SystemSuspend, 0, {0, base}), Error::Denied);
    EXPECT_TRUE(firmware.take_start(2));
    EXPECT_EQ(error(Extension::SystemSuspend, 0, {0, base}), Error::Denied);
    outcome(2, Extension::HartState, 3); // suspended is not stopped
    EXPECT_EQ(error(Extension::SystemSuspend, 0, {0, base}), Error::Denied);
    EXPECT_EQ(state(0), State::Started);
}

TEST_F(SbiTest, the_system_resumes_only_at_an_instruction_in_ram) {
    for (const std::uint64_t address : {std::uint64_t{0}, base + 3, end, all_ones})
        EXPECT_EQ(error(Extension::SystemSuspend, 0, {0, address}), Error::InvalidAddress);
}

TEST_F(SbiTest, other_types_of_sleep_are_wrong) {
    for (const std::uint64_t type : {0x1ul, 0x7fff'fffful, 0x8000'0000ul, 0xffff'fffful})
        EXPECT_EQ(error(Extension::SystemSuspend, 0, {type, base}), Error::InvalidParameter);
}

// SRST

TEST_F(SbiTest, shuts_down_well_or_in_failure) {
    const auto well = outcome(0, Extension::SystemReset, 0, {0, 0}),
               failed = outcome(0, Extension::SystemReset, 0, {high_bits, high_bits | 1});
    ASSERT_TRUE(std::holds_alternative<PowerOff>(well) && std::holds_alternative<PowerOff>(failed));
    EXPECT_TRUE(std::get<PowerOff>(well).well);
    EXPECT_FALSE(std::get<PowerOff>(failed).well);
}

TEST_F(SbiTest, reboots_cold_and_warm) {
    for (const std::uint64_t type : std::initializer_list<std::uint64_t>{1, 2})
        for (const std::uint64_t reason : std::initializer_list<std::uint64_t>{0, 1})
            EXPECT_TRUE(std::holds_alternative<Reboot>(outcome(0, Extension::SystemReset, 0, {type, reason})));
}

TEST_F(SbiTest, other_types_and_reasons_of_reset_are_wrong) {
    for (const std::uint64_t type : {0x3ul, 0xefff'fffful, 0xf000'0000ul, 0xffff'fffful})
        EXPECT_EQ(error(Extension::SystemReset, 0, {type, 0}), Error::InvalidParameter);
    for (const std::uint64_t reason :
         {0x2ul, 0xdfff'fffful, 0xe000'0000ul, 0xefff'fffful, 0xf000'0000ul, 0xffff'fffful})
        EXPECT_EQ(error(Extension::SystemReset, 0, {0, reason}), Error::InvalidParameter);
}

// DBCN

TEST_F(SbiTest, writes_a_text_in_memory) {
    std::memcpy(bytes.data() + 16, "sundew", 6);
    EXPECT_EQ(value(Extension::DebugConsole, 0, {6, base + 16}), 6u);
    EXPECT_EQ(platform.written, "sundew");
}

TEST_F(SbiTest, writes_a_long_text_in_pieces_without_missing_a_byte) {
    for (std::size_t i = 0; i < ram_bytes; ++i)
        bytes[i] = static_cast<std::byte>(i * 7 >> 3);
    std::uint64_t done = 0, calls = 0;
    while (done < ram_bytes) {
        const std::uint64_t written = value(Extension::DebugConsole, 0, {ram_bytes - done, base + done});
        ASSERT_GT(written, 0u);
        done += written;
        ++calls;
    }
    EXPECT_EQ(done, ram_bytes);
    EXPECT_LE(calls, ram_bytes / 256);
    EXPECT_EQ(std::memcmp(platform.written.data(), bytes.data(), ram_bytes), 0);
}

TEST_F(SbiTest, a_write_of_no_bytes_writes_none_wherever_they_are) {
    for (const auto& [low, high] : {std::pair<std::uint64_t, std::uint64_t>{base, 0}, {0, 0}, {all_ones, all_ones}}) {
        EXPECT_EQ(value(Extension::DebugConsole, 0, {0, low, high}), 0u);
        EXPECT_EQ(value(Extension::DebugConsole, 1, {0, low, high}), 0u);
    }
    EXPECT_EQ(platform.written, "");
}

TEST_F(SbiTest, memory_that_is_not_all_ram_is_wrong_for_the_console) {
    platform.typed = "kept";
    for (const std::uint64_t function : std::initializer_list<std::uint64_t>{0, 1})
        for (const std::array<std::uint64_t, 6>& wrong : std::initializer_list<std::array<std::uint64_t, 6>>{
                 {1, 0, 0},
                 {2, end - 1, 0},
                 {ram_bytes + 1, base, 0}, // its first piece would be RAM
                 {1, end, 0},
                 {1, base, 1},
                 {1, base, all_ones},
                 {all_ones, base, 0},
                 {all_ones, base + 1, 0}, // wraps
                 {2, all_ones, 0}})
            EXPECT_EQ(error(Extension::DebugConsole, function, wrong), Error::InvalidParameter);
    EXPECT_EQ(platform.written, "");
    EXPECT_EQ(platform.typed, "kept");
}

TEST_F(SbiTest, reads_what_was_typed_and_touches_no_other_byte) {
    platform.typed = "abc";
    EXPECT_EQ(value(Extension::DebugConsole, 1, {8, base}), 3u);
    EXPECT_EQ(std::memcmp(bytes.data(), "abc\0\0\0\0\0", 8), 0);
    EXPECT_EQ(value(Extension::DebugConsole, 1, {8, base}), 0u);
    platform.typed = "defg";
    EXPECT_EQ(value(Extension::DebugConsole, 1, {2, end - 2}), 2u);
    EXPECT_EQ(platform.typed, "fg");
}

TEST_F(SbiTest, writes_the_low_byte_of_a_register) {
    EXPECT_EQ(value(Extension::DebugConsole, 2, {0x1234'5678'9abc'de41}), 0u);
    EXPECT_EQ(platform.written, "A");
}

// Legacy

TEST_F(SbiTest, the_legacy_timer_is_that_of_the_hart_that_asks) {
    EXPECT_EQ(legacy(Extension::LegacySetTimer, {555}), 0u);
    EXPECT_EQ(platform.deadlines[0], 555u);
}

TEST_F(SbiTest, the_legacy_console_takes_and_gives_characters) {
    EXPECT_EQ(legacy(Extension::LegacyConsolePutchar, {'x'}), 0u);
    EXPECT_EQ(platform.written, "x");
    EXPECT_EQ(legacy(Extension::LegacyConsoleGetchar), all_ones);
    platform.typed = "\xff";
    EXPECT_EQ(legacy(Extension::LegacyConsoleGetchar), 0xffu);
}

TEST_F(SbiTest, clearing_an_ipi_tells_whether_there_was_one) {
    platform.pending = 0b11;
    EXPECT_EQ(legacy(Extension::LegacyClearIpi), 1u);
    EXPECT_EQ(legacy(Extension::LegacyClearIpi), 0u);
    EXPECT_EQ(platform.pending, 0b10u);
}

TEST_F(SbiTest, the_legacy_mask_is_in_the_guests_virtual_memory) {
    platform.mask = 0b101;
    EXPECT_EQ(legacy(Extension::LegacySendIpi, {FakePlatform::mask_address}), 0u);
    EXPECT_EQ(platform.pending, 0b101u);
    platform.mask = 0;
    EXPECT_EQ(legacy(Extension::LegacyRemoteFenceI, {FakePlatform::mask_address}), 0u);
    EXPECT_EQ(platform.fences, 0u);
}

TEST_F(SbiTest, a_legacy_mask_ends_with_the_last_hart) {
    platform.mask = ~std::uint64_t{0b11};
    EXPECT_EQ(legacy(Extension::LegacySendIpi, {FakePlatform::mask_address}), 0u);
    EXPECT_EQ(platform.pending, 0b100u);
}

TEST_F(SbiTest, without_a_legacy_mask_all_harts_are_meant) {
    EXPECT_EQ(legacy(Extension::LegacySendIpi), 0u);
    EXPECT_EQ(platform.pending, 0b111u);
    for (const Extension fence :
         {Extension::LegacyRemoteFenceI, Extension::LegacyRemoteSfenceVma, Extension::LegacyRemoteSfenceVmaAsid})
        EXPECT_EQ(legacy(fence), 0u);
    EXPECT_EQ(platform.fences, 3u);
}

TEST_F(SbiTest, a_legacy_mask_that_the_guest_cannot_load_faults_at_its_call) {
    for (const Extension extension : {Extension::LegacySendIpi, Extension::LegacyRemoteFenceI,
                                      Extension::LegacyRemoteSfenceVma, Extension::LegacyRemoteSfenceVmaAsid}) {
        const auto how = outcome(0, extension, 0, {0x10});
        ASSERT_TRUE(std::holds_alternative<Fault>(how));
        EXPECT_EQ(std::get<Fault>(how).cause, 13u);
        EXPECT_EQ(std::get<Fault>(how).value, 0x10u);
    }
    EXPECT_EQ(platform.pending | platform.fences, 0u);
}

TEST_F(SbiTest, the_legacy_shutdown_is_a_good_one) {
    const auto how = outcome(0, Extension::LegacyShutdown, 0);
    ASSERT_TRUE(std::holds_alternative<PowerOff>(how));
    EXPECT_TRUE(std::get<PowerOff>(how).well);
}

// FWFT

constexpr std::uint64_t fwft_set = 0, fwft_get = 1, lock = 1, hardware_updating = 4;

TEST_F(SbiTest, hardware_updating_is_on_for_a_guest_that_is_told_of_nothing_else) {
    EXPECT_EQ(value(Extension::FirmwareFeatures, fwft_get, {hardware_updating}), 1u);
    EXPECT_EQ(firmware.environment(0), ad_updating);
}

TEST_F(SbiTest, a_feature_of_a_hart_is_set_and_got) {
    start(1);
    EXPECT_EQ(error(Extension::FirmwareFeatures, fwft_set, {hardware_updating, 0}), Error::Success);
    EXPECT_EQ(platform.environments[0], 0u);
    EXPECT_EQ(value(Extension::FirmwareFeatures, fwft_get, {hardware_updating}), 0u);
    EXPECT_EQ(call(1, Extension::FirmwareFeatures, fwft_get, {hardware_updating}).value, 1u); // each has its own
    EXPECT_EQ(error(Extension::FirmwareFeatures, fwft_set, {high_bits | hardware_updating, 1}), Error::Success);
    EXPECT_EQ(platform.environments[0], ad_updating);
}

TEST_F(SbiTest, wrong_values_and_flags_of_a_feature_change_nothing) {
    EXPECT_EQ(error(Extension::FirmwareFeatures, fwft_set, {hardware_updating, 2}), Error::InvalidParameter);
    EXPECT_EQ(error(Extension::FirmwareFeatures, fwft_set, {hardware_updating, high_bits}), Error::InvalidParameter);
    EXPECT_EQ(error(Extension::FirmwareFeatures, fwft_set, {hardware_updating, 0, 2}), Error::InvalidParameter);
    EXPECT_EQ(error(Extension::FirmwareFeatures, fwft_set, {hardware_updating, 0, high_bits}), Error::InvalidParameter);
    EXPECT_EQ(firmware.environment(0), ad_updating);
}

TEST_F(SbiTest, a_locked_feature_stays_until_its_hart_is_reset) {
    start(1);
    const auto set = [&](std::uint64_t value, std::uint64_t flags) {
        return call(1, Extension::FirmwareFeatures, fwft_set, {hardware_updating, value, flags}).error;
    };
    EXPECT_EQ(set(0, lock), Error::Success);
    EXPECT_EQ(set(1, 0), Error::DeniedLocked);
    EXPECT_EQ(set(0, 0), Error::Success); // as it is
    EXPECT_EQ(call(1, Extension::FirmwareFeatures, fwft_get, {hardware_updating}).value, 0u);
    outcome(1, Extension::HartState, 3, {0x8000'0000, base}); // a suspend is no reset
    firmware.woken(1);
    EXPECT_EQ(set(1, 0), Error::DeniedLocked);
    outcome(1, Extension::HartState, 1);
    start(1);
    EXPECT_EQ(call(1, Extension::FirmwareFeatures, fwft_get, {hardware_updating}).value, 1u);
    EXPECT_EQ(set(0, 0), Error::Success);
}

TEST_F(SbiTest, features_that_nobody_can_have_here_are_not_supported) {
    for (const std::uint64_t feature : std::initializer_list<std::uint64_t>{0, 1, 2, 3, 5}) {
        EXPECT_EQ(error(Extension::FirmwareFeatures, fwft_set, {feature, 1}), Error::NotSupported);
        const Answer answer = call(0, Extension::FirmwareFeatures, fwft_get, {feature});
        EXPECT_EQ(answer.error, Error::NotSupported);
        EXPECT_EQ(answer.value, 0u);
    }
}

TEST_F(SbiTest, reserved_features_are_denied) {
    for (const std::uint64_t feature : {0x6ul, 0x3fff'fffful, 0x4000'0000ul, 0x7fff'fffful, 0x8000'0000ul,
                                        0xbfff'fffful, 0xc000'0000ul, 0xffff'fffful}) {
        EXPECT_EQ(error(Extension::FirmwareFeatures, fwft_set, {feature, 0}), Error::Denied);
        EXPECT_EQ(error(Extension::FirmwareFeatures, fwft_get, {feature}), Error::Denied);
    }
}

class SbiOfAPlainHost : public SbiTest {
  protected:
    SbiOfAPlainHost() : SbiTest(0xf1, "i m a") {}
};

TEST_F(SbiOfAPlainHost, features_that_the_host_lacks_are_not_supported) {
    EXPECT_EQ(error(Extension::FirmwareFeatures, fwft_set, {hardware_updating, 0}), Error::NotSupported);
    EXPECT_EQ(error(Extension::FirmwareFeatures, fwft_get, {hardware_updating}), Error::NotSupported);
    EXPECT_EQ(firmware.environment(0), 0xf1u);
}

class SbiOfSvade : public SbiTest {
  protected:
    SbiOfSvade() : SbiTest(ad_updating | std::uint64_t{2} << 32 | std::uint64_t{1} << 59, "i m svade svadu") {}
};

TEST_F(SbiOfSvade, a_guest_that_is_told_of_svade_gets_hardware_updating_when_it_asks) {
    EXPECT_EQ(firmware.environment(0), 0u); // nor double traps, which it does not know
    EXPECT_EQ(value(Extension::FirmwareFeatures, fwft_get, {hardware_updating}), 0u);
    EXPECT_EQ(error(Extension::FirmwareFeatures, fwft_set, {hardware_updating, 1}), Error::Success);
    EXPECT_EQ(platform.environments[0], ad_updating);
}

// PMU

enum Pmu : std::uint64_t {
    num_counters,
    get_info,
    config_matching,
    counter_start,
    counter_stop,
    fw_read,
    fw_read_hi,
    set_shmem,
    event_get_info
};
constexpr std::uint64_t counters = 19, fixed = 0b101, firmware_counters = 0x7fff8,
                        all_counters = fixed | firmware_counters;
constexpr std::uint64_t skip_match = 1, clear_value = 2, auto_start = 4;
constexpr std::uint64_t set_init_value = 1, init_snapshot = 2, stop_reset = 1, take_snapshot = 2;
constexpr std::uint64_t event_cycles = 1, event_instructions = 2, event_set_timer = 0xf0005, event_ipi_sent = 0xf0006;
constexpr std::uint64_t csr_cycle = 0xc00, csr_instret = 0xc02;
constexpr auto pmu = Extension::PerformanceMonitoring;

TEST_F(SbiTest, counts_its_counters) {
    EXPECT_EQ(value(pmu, num_counters), counters);
}

TEST_F(SbiTest, tells_of_each_counter_and_of_no_other) {
    EXPECT_EQ(value(pmu, get_info, {0}), 63u << 12 | 0xc00);
    EXPECT_EQ(value(pmu, get_info, {2}), 63u << 12 | 0xc02);
    for (std::uint64_t index = 3; index < counters; ++index)
        EXPECT_EQ(value(pmu, get_info, {index}) >> 63, 1u);
    for (const std::uint64_t index : {std::uint64_t{1}, counters, high_bits, all_ones}) // there is none for `time`
        EXPECT_EQ(error(pmu, get_info, {index}), Error::InvalidParameter);
}

TEST_F(SbiTest, finds_the_counter_that_counts_an_event) {
    EXPECT_EQ(value(pmu, config_matching, {0, all_counters, 0, event_cycles}), 0u);
    EXPECT_EQ(value(pmu, config_matching, {0, all_counters, 0, event_instructions}), 2u);
    EXPECT_EQ(value(pmu, config_matching, {0, all_counters, 0, event_set_timer}), 3u);
    EXPECT_EQ(value(pmu, config_matching, {4, 3, 0xf8, event_set_timer}), 4u); // bits 3 to 7 are hints
}

TEST_F(SbiTest, a_counter_in_use_is_not_found_again_until_it_is_freed) {
    EXPECT_EQ(value(pmu, config_matching, {0, all_counters, 0, event_cycles}), 0u);
    EXPECT_EQ(error(pmu, config_matching, {0, all_counters, 0, event_cycles}), Error::NotSupported);
    EXPECT_EQ(value(pmu, config_matching, {0, 1, skip_match, event_cycles}), 0u); // but if it is named
    EXPECT_EQ(error(pmu, counter_stop, {0, 1, stop_reset}), Error::AlreadyStopped);
    EXPECT_EQ(value(pmu, config_matching, {0, all_counters, auto_start, event_cycles}), 0u);
    EXPECT_EQ(error(pmu, config_matching, {0, 1, skip_match, event_cycles}), Error::NotSupported); // started
    for (std::uint64_t i = 0; i < 16; ++i)
        EXPECT_EQ(value(pmu, config_matching, {0, all_counters, 0, event_set_timer}), 3 + i);
    EXPECT_EQ(error(pmu, config_matching, {0, all_counters, 0, event_set_timer}), Error::NotSupported);
}

TEST_F(SbiTest, skipping_the_match_takes_the_first_counter_of_the_set) {
    EXPECT_EQ(value(pmu, config_matching, {5, 0b110, skip_match, event_ipi_sent}), 6u);
    EXPECT_EQ(error(pmu, config_matching, {0, all_counters, skip_match, event_ipi_sent}), Error::NotSupported); // cycle
}

TEST_F(SbiTest, sets_with_an_absent_counter_and_reserved_flags_are_wrong) {
    for (const std::uint64_t function : {config_matching, counter_start, counter_stop})
        for (const auto& [first, mask] : {std::pair<std::uint64_t, std::uint64_t>{1, 1},
                                          {0, 2},
                                          {0, all_ones},
                                          {counters, 1},
                                          {counters - 1, 2},
                                          {all_ones, 1},
                                          {all_ones, 3},
                                          {high_bits, 1}})
            EXPECT_EQ(error(pmu, function, {first, mask, 0, event_cycles}), Error::InvalidParameter)
                << function << " " << first << " " << mask;
    EXPECT_EQ(error(pmu, config_matching, {0, all_counters, 0x100, event_cycles}), Error::InvalidParameter);
    EXPECT_EQ(error(pmu, config_matching, {0, all_counters, high_bits, event_cycles}), Error::InvalidParameter);
    EXPECT_EQ(value(pmu, config_matching, {0, all_counters, 0, event_cycles}), 0u);
    EXPECT_EQ(error(pmu, counter_start, {0, 1, 4}), Error::InvalidParameter);
    EXPECT_EQ(error(pmu, counter_start, {0, 1, 3}), Error::InvalidParameter); // these two exclude each other
    EXPECT_EQ(error(pmu, counter_stop, {0, 1, 4}), Error::InvalidParameter);
}

TEST_F(SbiTest, events_that_nothing_counts_are_not_supported) {
    for (const std::uint64_t event : {0x0ul, 0x3ul, 0xaul, 0x10000ul, 0x20000ul, 0x30000ul, 0xf0000ul, 0xf0007ul,
                                      0xf0016ul, 0xf00fful, 0xfffffful, 0xffffful, 0x1'0000'0001ul, all_ones})
        EXPECT_EQ(error(pmu, config_matching, {0, all_counters, 0, event}), Error::NotSupported) << event;
    EXPECT_EQ(error(pmu, config_matching, {0, all_counters, 0, event_cycles, 1}), Error::NotSupported); // reserved data
    EXPECT_EQ(error(pmu, config_matching, {0, 0, 0, event_cycles}), Error::NotSupported);               // of none
}

TEST_F(SbiTest, a_firmware_counter_counts_while_it_is_started) {
    const auto read = [&] { return value(pmu, fw_read, {3}); };
    const auto event = [&] { call(0, Extension::Time, 0, {0}); };
    event();
    EXPECT_EQ(value(pmu, config_matching, {0, firmware_counters, clear_value, event_set_timer}), 3u);
    event();
    EXPECT_EQ(read(), 0u);
    EXPECT_EQ(error(pmu, counter_start, {3, 1, set_init_value, 100}), Error::Success);
    event();
    legacy(Extension::LegacySetTimer, {0});
    platform.answers[0].timers += 5; // by the nucleus
    EXPECT_EQ(read(), 107u);
    EXPECT_EQ(error(pmu, counter_stop, {3, 1}), Error::Success);
    event();
    EXPECT_EQ(read(), 107u);
    EXPECT_EQ(error(pmu, counter_start, {3, 1}), Error::Success); // goes on from there
    event();
    EXPECT_EQ(read(), 108u);
    EXPECT_EQ(value(pmu, fw_read_hi, {3}), 0u);
}

TEST_F(SbiTest, every_event_that_is_offered_counts_what_happens) {
    for (const FirmwareEvent each : firmware_events) {
        const std::uint64_t event = 0xf0000 | static_cast<std::uint64_t>(each);
        EXPECT_EQ(value(pmu, config_matching, {0, firmware_counters, clear_value | auto_start, event}), 3u);
        firmware.count(0, each);
        firmware.count(1, each); // another hart's
        EXPECT_EQ(value(pmu, fw_read, {3}), 1u) << event;
        EXPECT_EQ(error(pmu, counter_stop, {3, 1, stop_reset}), Error::Success);
    }
    for (const std::uint64_t code : std::initializer_list<std::uint64_t>{6, 256, 257})
        value(pmu, config_matching, {0, firmware_counters, clear_value | auto_start, 0xf0000 | code});
    platform.answers[0] = {.timers = 0, .ipis = 1, .fences = 20, .waits = 300, .run_ticks = 0};
    EXPECT_EQ(value(pmu, fw_read, {3}), 1u);
    EXPECT_EQ(value(pmu, fw_read, {4}), 20u);
    EXPECT_EQ(value(pmu, fw_read, {5}), 300u);
    call(0, Extension::Ipi, 0, {1, 0});
    call(0, Extension::Ipi, 0, {8, 0}); // wrong: nothing was sent
    call(0, Extension::RemoteFence, 1, {1, 0});
    legacy(Extension::LegacyRemoteFenceI);
    EXPECT_EQ(value(pmu, fw_read, {3}), 2u);
    EXPECT_EQ(value(pmu, fw_read, {4}), 22u);
}

TEST_F(SbiTest, only_firmware_counters_are_read_by_a_call) {
    for (const std::uint64_t function : {fw_read, fw_read_hi})
        for (const std::uint64_t index : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{2}, counters, all_ones})
            EXPECT_EQ(error(pmu, function, {index}), Error::InvalidParameter);
}

TEST_F(SbiTest, starting_and_stopping_twice_are_errors_that_spare_the_other_counters) {
    EXPECT_EQ(error(pmu, counter_start, {0, 1}), Error::InvalidParameter); // counts no event
    value(pmu, config_matching, {0, all_counters, 0, event_cycles});
    value(pmu, config_matching, {0, all_counters, 0, event_set_timer});
    EXPECT_EQ(error(pmu, counter_stop, {0, 1}), Error::AlreadyStopped);
    EXPECT_EQ(error(pmu, counter_start, {0, 1}), Error::Success);
    EXPECT_EQ(error(pmu, counter_start, {0, 1}), Error::AlreadyStarted);
    EXPECT_EQ(error(pmu, counter_start, {0, 0b1001}), Error::AlreadyStarted);
    EXPECT_EQ(error(pmu, counter_stop, {0, 0b1001}), Error::Success); // both had been
    EXPECT_EQ(error(pmu, counter_start, {0, 0}), Error::Success);
    EXPECT_EQ(error(pmu, counter_stop, {0, 0}), Error::Success);
    EXPECT_EQ(error(pmu, counter_stop, {0, all_counters, stop_reset}), Error::AlreadyStopped);
    EXPECT_EQ(value(pmu, config_matching, {0, all_counters, 0, event_cycles}), 0u); // free again
}

TEST_F(SbiTest, a_hardware_counter_is_read_without_an_exit_until_it_is_set_or_stopped) {
    value(pmu, config_matching, {0, all_counters, auto_start, event_cycles});
    EXPECT_EQ(platform.access[0], 7u);
    EXPECT_EQ(firmware.counter(0, csr_cycle), 1000u);
    platform.cycles = 1300;
    EXPECT_EQ(error(pmu, counter_stop, {0, 1}), Error::Success);
    EXPECT_EQ(platform.access[0], 6u); // instret and time still are the hardware's
    platform.cycles = 1700;
    EXPECT_EQ(firmware.counter(0, csr_cycle), 1300u); // it stands still
    EXPECT_EQ(error(pmu, counter_start, {0, 1, set_init_value, 50}), Error::Success);
    platform.cycles = 1711;
    EXPECT_EQ(firmware.counter(0, csr_cycle), 61u);
    EXPECT_EQ(firmware.counter(1, csr_cycle), 1711u); // another hart's
    EXPECT_EQ(error(pmu, counter_stop, {0, 1, stop_reset}), Error::Success);
    EXPECT_EQ(platform.access[0], 7u);
}

TEST_F(SbiTest, both_hardware_counters_can_be_set_at_once) {
    value(pmu, config_matching, {0, all_counters, 0, event_cycles});
    value(pmu, config_matching, {0, all_counters, clear_value, event_instructions});
    EXPECT_EQ(platform.access[0], 3u);
    EXPECT_EQ(error(pmu, counter_start, {0, fixed, set_init_value, 7}), Error::Success);
    EXPECT_EQ(platform.access[0], 2u);
    platform.cycles += 10;
    platform.instructions += 4;
    EXPECT_EQ(firmware.counter(0, csr_cycle), 17u);
    EXPECT_EQ(firmware.counter(0, csr_instret), 11u);
    EXPECT_FALSE(firmware.counter(0, 0xc01));
    EXPECT_FALSE(firmware.counter(0, 0xc03));
}

TEST_F(SbiTest, a_hart_that_is_started_again_has_fresh_counters) {
    start(1);
    EXPECT_EQ(call(1, pmu, config_matching, {0, all_counters, auto_start, event_cycles}).error, Error::Success);
    outcome(1, Extension::HartState, 1);
    start(1);
    EXPECT_EQ(call(1, pmu, config_matching, {0, all_counters, 0, event_cycles}).value, 0u);
}

TEST_F(SbiTest, there_is_no_memory_for_snapshots) {
    EXPECT_EQ(error(pmu, set_shmem, {base, 0, 0}), Error::NotSupported);
    value(pmu, config_matching, {0, all_counters, 0, event_cycles});
    EXPECT_EQ(error(pmu, counter_start, {0, 1, init_snapshot}), Error::NoSharedMemory);
    EXPECT_EQ(error(pmu, counter_start, {0, 1}), Error::Success); // that had not started it
    EXPECT_EQ(error(pmu, counter_stop, {0, 1, take_snapshot | stop_reset}), Error::NoSharedMemory);
    EXPECT_EQ(error(pmu, counter_stop, {0, 1}), Error::Success); // nor stopped
}

TEST_F(SbiTest, tells_which_events_can_be_counted) {
    struct Entry {
        std::uint32_t event, output;
        std::uint64_t data;
    };
    const std::array<Entry, 6> entries{{{1, 99, 5}, // an event that has no data: what is there does not count
                                        {3, 99, 0},
                                        {0xf0005, 99, 0},
                                        {0xf0005, 99, 1},
                                        {0xf0007, 99, 0},
                                        {0x20000, 99, 0x1234}}};
    std::memcpy(bytes.data() + 16, entries.data(), sizeof entries);
    EXPECT_EQ(error(pmu, event_get_info, {base + 16, 0, entries.size(), 0}), Error::Success);
    for (std::size_t i = 0; i < entries.size(); ++i) {
        const auto entry = *ram.read<Entry>({base + 16 + i * sizeof(Entry)});
        EXPECT_EQ(entry.output, i == 0 || i == 2) << i;
        EXPECT_EQ(entry.event, entries[i].event);
        EXPECT_EQ(entry.data, entries[i].data);
    }
}

TEST_F(SbiTest, events_to_be_told_of_must_lie_in_ram_and_have_no_reserved_bits) {
    EXPECT_EQ(error(pmu, event_get_info, {base + 8, 0, 1, 0}), Error::InvalidParameter);
    EXPECT_EQ(error(pmu, event_get_info, {base, 0, 1, 1}), Error::InvalidParameter);
    EXPECT_EQ(error(pmu, event_get_info, {base, 1, 1, 0}), Error::InvalidAddress);
    EXPECT_EQ(error(pmu, event_get_info, {end, 0, 1, 0}), Error::InvalidAddress);
    EXPECT_EQ(error(pmu, event_get_info, {end - 16, 0, 2, 0}), Error::InvalidAddress);
    EXPECT_EQ(error(pmu, event_get_info, {base, 0, all_ones, 0}), Error::InvalidAddress);
    EXPECT_EQ(error(pmu, event_get_info, {base, 0, (all_ones >> 4) + 2, 0}), Error::InvalidAddress); // wraps
    EXPECT_EQ(error(pmu, event_get_info, {base, 0, 1025, 0}), Error::Failed);                        // too many at once
    EXPECT_EQ(error(pmu, event_get_info, {0, 0, 0, 0}), Error::Success);
    ram.write<std::uint32_t>({base}, 0x10'0001);
    EXPECT_EQ(error(pmu, event_get_info, {base, 0, 1, 0}), Error::InvalidParameter);
}

// After power-on

TEST_F(SbiTest, a_reset_forgets_everything) {
    start(1);
    error(Extension::FirmwareFeatures, fwft_set, {hardware_updating, 0, lock});
    value(pmu, config_matching, {0, all_counters, auto_start, event_cycles});
    firmware.reset();
    EXPECT_EQ(state(0), State::Stopped);
    EXPECT_EQ(state(1), State::Stopped);
    EXPECT_EQ(firmware.environment(0), ad_updating);
    EXPECT_EQ(value(pmu, config_matching, {0, all_counters, 0, event_cycles}), 0u);
}

}
}
