// SPDX-License-Identifier: Apache-2.0
#include "monitors/gdb/stub.hpp"

#include <gtest/gtest.h>

#include "monitors/gdb/fake_target.hpp"

namespace {

using gdb::Stop;
using gdb::test::FakeTarget;

constexpr std::uint64_t code = 0x8000'0100, vector = 0x8000'0800;
constexpr std::uint16_t ebreak = 0x9002;

struct Stub : testing::Test {
    FakeTarget target{2};
    gdb::Stub stub{target};

    void type(std::string_view bytes) { stub.receive(std::as_bytes(std::span{bytes})); }
    /// What the stub has sent since, as it is.
    std::string sent() { return std::exchange(target.sent, {}); }
    /// Sends a packet; what the answer holds, without acknowledgement and escapes.
    std::string ask(std::string_view packet) {
        type(gdb::encode(packet));
        return payload();
    }
    std::string payload() {
        gdb::PacketReader reader;
        std::string last = "(nothing)";
        for (const char each : sent())
            if (reader.take(static_cast<std::byte>(each)) == gdb::PacketReader::Found::Packet)
                last = reader.payload();
        return last;
    }
    /// As GDB begins; the machine is at rest then.
    void attach() {
        type(gdb::encode("qSupported:swbreak+"));
        stub.stopped(0, Stop::Asked);
        sent();
        for (auto& each : target.registers) {
            each[gdb::number::pc] = code;
            each[gdb::number::stvec] = vector;
            each[gdb::number::sie] = 0x222;
        }
        target.put(code, std::uint32_t{0x00000013});
    }
    std::uint64_t& reg(unsigned hart, unsigned which) { return target.registers[hart][which]; }
};

TEST_F(Stub, the_first_packet_stops_the_machine_and_is_answered_when_that_rests) {
    EXPECT_FALSE(stub.attached());
    type(gdb::encode("qSupported:multiprocess+;swbreak+"));
    EXPECT_EQ(sent(), "+");
    EXPECT_TRUE(stub.attached());
    EXPECT_EQ(target.stops, 1u);
    EXPECT_FALSE(target.caught) << "that cannot be changed yet";
    stub.stopped(1, Stop::Asked);
    EXPECT_TRUE(target.caught);
    EXPECT_TRUE(payload().starts_with("PacketSize=1000;qXfer:features:read+"));
    EXPECT_EQ(ask("?"), "T02thread:2;");
    EXPECT_EQ(ask("qAttached"), "1");
}

TEST_F(Stub, acknowledges_until_it_is_told_not_to) {
    attach();
    type(gdb::encode("qC"));
    EXPECT_EQ(sent(), "+$QC1#c5");
    type("-");
    EXPECT_EQ(sent(), "$QC1#c5") << "once more";
    type("$qC#00");
    EXPECT_EQ(sent(), "-");
    type(gdb::encode("QStartNoAckMode"));
    EXPECT_EQ(sent(), "+$OK#9a");
    type(gdb::encode("qC"));
    EXPECT_EQ(sent(), "$QC1#c5");
    type("-$qC#00");
    EXPECT_EQ(sent(), "");
    type(gdb::encode("qSupported"));
    EXPECT_TRUE(sent().starts_with("+$")) << "another debugger";
}

TEST_F(Stub, what_it_does_not_know_is_answered_with_nothing) {
    attach();
    for (const char* each : {"vMustReplyUnknown", "qTStatus", "Z2,80000100,4", "!", "", "R00"})
        EXPECT_EQ(ask(each), "") << each;
}

TEST_F(Stub, threads_are_harts) {
    attach();
    EXPECT_EQ(ask("qfThreadInfo"), "m1,2");
    EXPECT_EQ(ask("qsThreadInfo"), "l");
    EXPECT_EQ(ask("qThreadExtraInfo,2"), "6861727420312c2073746172746564") << "hart 1, started";
    EXPECT_EQ(ask("T2"), "OK");
    EXPECT_EQ(ask("T3"), "E03");
    EXPECT_EQ(ask("Hg2"), "OK");
    EXPECT_EQ(ask("qC"), "QC2");
    EXPECT_EQ(ask("Hg0"), "OK");
    EXPECT_EQ(ask("qC"), "QC2");
    EXPECT_EQ(ask("Hg9"), "E03");
    EXPECT_EQ(ask("Hc-1"), "OK");
}

TEST_F(Stub, general_registers_are_read_and_written) {
    attach();
    reg(1, 10) = 0x1122'3344'5566'7788;
    EXPECT_EQ(ask("Hg2"), "OK");
    std::string all = ask("g");
    ASSERT_EQ(all.size(), 33u * 16);
    EXPECT_EQ(all.substr(160, 16), "8877665544332211");
    EXPECT_EQ(all.substr(512), "0001008000000000") << "pc";
    all.replace(0, 32, "ffffffffffffffff0100000000000000");
    EXPECT_EQ(ask("G" + all), "OK");
    EXPECT_EQ(reg(1, 1), 1u);
    EXPECT_EQ(reg(1, 0), 0u) << "x0 cannot be written";
    EXPECT_EQ(reg(0, 1), 0u) << "another thread's";
    EXPECT_EQ(ask("G00"), "E16");
    EXPECT_EQ(ask("Pa=0100000000000000"), "OK");
    EXPECT_EQ(ask("pa"), "0100000000000000");
}

TEST_F(Stub, floats_vectors_and_csrs_have_numbers_too) {
    attach();
    EXPECT_EQ(ask("P21=000000000000f03f"), "OK") << "ft0";
    EXPECT_EQ(reg(0, gdb::number::first_float), 0x3ff0'0000'0000'0000u);
    EXPECT_EQ(ask("P44=1f000000"), "OK") << "fcsr has 32 bits";
    EXPECT_EQ(ask("p44"), "1f000000");
    EXPECT_EQ(ask("p141"), "0000000000000000") << "sstatus";
    const std::string v3 = gdb::number_text(gdb::number::first_vector + 3);
    EXPECT_EQ(ask("P" + v3 + "=000102030405060708090a0b0c0d0e0f"), "OK");
    EXPECT_EQ(ask("p" + v3), "000102030405060708090a0b0c0d0e0f");
    EXPECT_EQ(ask("P" + v3 + "=00"), "E16");
    EXPECT_EQ(ask("p10000"), "E06");
    EXPECT_EQ(ask("p"), "E06");
    EXPECT_EQ(ask("pffffffffffffffff"), "E06");
}

TEST_F(Stub, the_description_comes_in_pieces) {
    attach();
    std::string whole;
    for (int i = 0; i < 1000; ++i) {
        const std::string part = ask("qXfer:features:read:target.xml:" + gdb::number_text(whole.size()) + ",100");
        ASSERT_FALSE(part.empty());
        whole += part.substr(1);
        if (part.front() == 'l')
            break;
        ASSERT_EQ(part.size(), 0x101u);
    }
    EXPECT_EQ(whole, gdb::describe_registers(target.features()));
    EXPECT_EQ(ask("qXfer:features:read:target.xml:ffffffffffffffff,ffffffffffffffff"), "l");
    EXPECT_EQ(ask("qXfer:features:read:target.xml:0"), "E16");
}

TEST_F(Stub, memory_is_read_and_written) {
    attach();
    EXPECT_EQ(ask("M80000200,4:01020304"), "OK");
    EXPECT_EQ(target.get<std::uint32_t>(0x8000'0200), 0x0403'0201u);
    EXPECT_GT(target.fences, 0u) << "it may have been code";
    EXPECT_EQ(ask("m80000201,2"), "0203");
    EXPECT_EQ(ask(std::string{"X80000200,3:}#\0", 15}), "OK");
    EXPECT_EQ(ask("m80000200,4"), "7d230004");
    EXPECT_EQ(ask("X80000200,0:"), "OK");
    EXPECT_EQ(ask("m8000fffe,8"), "0000") << "as much as there is";
    EXPECT_EQ(ask("m80010000,8"), "E0e");
    EXPECT_EQ(ask("mffffffffffffffff,8"), "E0e");
    EXPECT_EQ(ask("m80000000,ffffffffffffffff").size(), gdb::packet_limit) << "bounded";
    EXPECT_EQ(ask("M8000fffe,4:01020304"), "E0e");
    for (const char* each :
         {"m", "m80000000", "m80000000,", "mx,1", "M80000200,4:0102", "M80000200,1:0x", "X80000200,1:"})
        EXPECT_EQ(ask(each), "E16") << each;
}

TEST_F(Stub, memory_goes_through_the_threads_page_tables) {
    attach();
    target.put(0x8000'4000, std::uint64_t{0x8000'0000 >> 12 << 10 | 0xcf}); // a page of 1 GiB at 0
    reg(1, gdb::number::satp) = std::uint64_t{8} << 60 | 0x8000'4000 >> 12;
    target.put(0x8000'0ffe, std::uint32_t{0x0403'0201});
    EXPECT_EQ(ask("mffe,4"), "E0e") << "hart 0 has no translation";
    EXPECT_EQ(ask("Hg2"), "OK");
    EXPECT_EQ(ask("mffe,4"), "01020304") << "over the end of a page";
    EXPECT_EQ(ask("Z0,200,2"), "OK");
    EXPECT_EQ(target.get<std::uint16_t>(0x8000'0200), ebreak);
    reg(1, gdb::number::satp) = 0;
    EXPECT_EQ(ask("z0,200,2"), "OK");
    EXPECT_EQ(target.get<std::uint16_t>(0x8000'0200), 0) << "removed where it was";
}

TEST_F(Stub, a_breakpoint_is_met_and_told) {
    attach();
    EXPECT_EQ(ask("Z0,80000100,4"), "OK");
    EXPECT_EQ(ask("m80000100,4"), "13000000") << "hidden";
    EXPECT_EQ(ask("vCont?"), "vCont;c;C;s;S");
    EXPECT_EQ(ask("vCont;c"), "(nothing)");
    EXPECT_EQ(target.runs.back(), 3u);
    EXPECT_TRUE(stub.at_breakpoint(1));
    reg(0, gdb::number::pc) = code + 4;
    EXPECT_FALSE(stub.at_breakpoint(0)) << "an ebreak of the guest's own";
    stub.stopped(1, Stop::Breakpoint);
    EXPECT_EQ(payload(), "T05thread:2;swbreak:;");
    EXPECT_EQ(ask("qC"), "QC2");
    EXPECT_EQ(ask("z0,80000100,4"), "OK");
    EXPECT_EQ(target.get<std::uint32_t>(code), 0x13u);
    EXPECT_EQ(ask("Z0,1000,4"), "E0e");
    EXPECT_EQ(ask("Z0,80000100,3"), "E16");
}

TEST_F(Stub, control_c_stops_what_runs) {
    attach();
    type("\x03");
    EXPECT_EQ(target.stops, 1u) << "it is at rest";
    ask("vCont;c");
    type("\x03\x03");
    EXPECT_EQ(target.stops, 2u);
    EXPECT_EQ(sent(), "");
    stub.stopped(0, Stop::Asked);
    EXPECT_EQ(payload(), "T02thread:1;");
}

TEST_F(Stub, while_the_machine_runs_packets_are_refused) {
    attach();
    ask("vCont;c");
    EXPECT_EQ(ask("g"), "E.the machine runs");
    EXPECT_EQ(ask("Z0,80000100,4"), "E.the machine runs");
    EXPECT_EQ(target.get<std::uint32_t>(code), 0x13u);
}

TEST_F(Stub, a_step_runs_one_hart_between_breakpoints_and_without_interrupts) {
    attach();
    EXPECT_EQ(ask("vCont;s:2;c"), "(nothing)");
    EXPECT_EQ(target.runs.back(), 2u);
    EXPECT_EQ(target.get<std::uint16_t>(code + 4), ebreak);
    EXPECT_EQ(target.get<std::uint16_t>(vector), ebreak) << "should the instruction raise an exception";
    EXPECT_EQ(reg(1, gdb::number::sie), 0u);
    EXPECT_EQ(reg(0, gdb::number::sie), 0x222u);
    reg(1, gdb::number::pc) = code + 4;
    EXPECT_TRUE(stub.at_breakpoint(1));
    stub.stopped(1, Stop::Breakpoint);
    EXPECT_EQ(payload(), "T05thread:2;") << "no breakpoint of the debugger's";
    EXPECT_EQ(target.get<std::uint16_t>(code + 4), 0);
    EXPECT_EQ(target.get<std::uint16_t>(vector), 0);
    EXPECT_EQ(reg(1, gdb::number::sie), 0x222u);
}

TEST_F(Stub, a_step_of_an_access_to_sie_masks_interrupts_otherwise) {
    attach();
    target.put(code, std::uint32_t{0x10416073}); // csrsi sie, 2
    reg(0, gdb::number::sstatus) = 2;
    ask("vCont;s:1");
    EXPECT_EQ(reg(0, gdb::number::sie), 0x222u);
    EXPECT_EQ(reg(0, gdb::number::sstatus), 0u);
    stub.stopped(0, Stop::Stepped);
    EXPECT_EQ(reg(0, gdb::number::sstatus), 2u);
}

TEST_F(Stub, a_step_of_wfi_or_of_a_jump_to_itself_runs_nothing) {
    attach();
    target.put(code, std::uint32_t{0x10500073}); // wfi
    EXPECT_EQ(ask("vCont;s:1"), "T05thread:1;");
    EXPECT_EQ(reg(0, gdb::number::pc), code + 4);
    target.put(code + 4, std::uint16_t{0xa001}); // j .
    EXPECT_EQ(ask("s"), "T05thread:1;");
    EXPECT_EQ(reg(0, gdb::number::pc), code + 4);
    EXPECT_TRUE(target.runs.empty());
}

TEST_F(Stub, a_step_that_cannot_be_is_refused) {
    attach();
    reg(0, gdb::number::pc) = 0x1000;
    EXPECT_EQ(ask("vCont;s:1"), "E.the instruction at pc cannot be read");
    reg(0, gdb::number::pc) = code;
    EXPECT_EQ(ask("Z0,80000100,4"), "OK");
    EXPECT_EQ(ask("vCont;s:1"), "E.a breakpoint is in the way at pc");
    EXPECT_EQ(ask("z0,80000100,4"), "OK");
    target.put(code, std::uint16_t{0x8502}); // c.jr a0
    reg(0, gdb::number::stvec) = 0;
    EXPECT_EQ(ask("vCont;s:1"), "E.there is no room for a breakpoint behind the instruction");
    EXPECT_FALSE(stub.stepping());
    target.stopped_hart = 0;
    EXPECT_EQ(ask("vCont;s:1"), "E.the hart has not been started");
    EXPECT_TRUE(target.runs.empty());
    EXPECT_EQ(reg(0, gdb::number::sie), 0x222u);
}

TEST_F(Stub, vcont_runs_the_threads_that_it_names) {
    attach();
    ask("vCont;c:2");
    EXPECT_EQ(target.runs.back(), 2u);
    stub.stopped(1, Stop::Asked);
    ask("vCont;C05:1;c");
    EXPECT_EQ(target.runs.back(), 3u);
    stub.stopped(1, Stop::Asked);
    sent();
    for (const char* each :
         {"vCont", "vCont;", "vCont;x", "vCont;c:", "vCont;c:9", "vCont;C", "vCont;cx", "vCont;c;c:1;;"})
        EXPECT_TRUE(ask(each).starts_with("E")) << each;
}

TEST_F(Stub, detaching_removes_everything_and_lets_the_machine_go) {
    attach();
    ask("Z0,80000100,4");
    EXPECT_EQ(ask("D"), "OK");
    EXPECT_EQ(target.get<std::uint32_t>(code), 0x13u);
    EXPECT_EQ(target.runs.back(), 3u);
    EXPECT_FALSE(target.caught);
    EXPECT_FALSE(stub.attached());
}

TEST_F(Stub, a_connection_that_breaks_detaches) {
    attach();
    ask("Z0,80000100,4");
    ask("vCont;c");
    stub.disconnect();
    EXPECT_EQ(target.stops, 2u) << "breakpoints are removed at rest";
    stub.stopped(0, Stop::Asked);
    EXPECT_EQ(target.get<std::uint32_t>(code), 0x13u);
    EXPECT_FALSE(stub.attached());
    EXPECT_EQ(sent(), "");
}

TEST_F(Stub, another_debugger_may_come_while_the_machine_runs_for_one_that_vanished) {
    attach();
    ask("Z0,80000100,4");
    ask("vCont;c");
    type(gdb::encode("qSupported"));
    EXPECT_EQ(target.stops, 2u);
    stub.stopped(0, Stop::Asked);
    EXPECT_TRUE(payload().starts_with("PacketSize"));
    EXPECT_EQ(target.get<std::uint32_t>(code), 0x13u);
}

TEST_F(Stub, killing_ends_the_machine) {
    attach();
    EXPECT_EQ(ask("vKill;1"), "OK");
    EXPECT_TRUE(target.killed);
}

TEST_F(Stub, the_end_of_the_machine_is_told) {
    attach();
    ask("vCont;c");
    stub.ended(true);
    EXPECT_EQ(payload(), "W00");
    EXPECT_FALSE(stub.attached());
}

}
