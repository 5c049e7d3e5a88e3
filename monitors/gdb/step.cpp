// SPDX-License-Identifier: Apache-2.0
#include "monitors/gdb/step.hpp"

#include "base/field.hpp"
#include "monitors/gdb/registers.hpp"

namespace gdb {

namespace {

/// An instruction as it lies in memory (unprivileged manual, "RV32/64G Instruction Set Listings").
struct Instruction : Register<Instruction> {
    static constexpr Field<6, 0> opcode{};
    static constexpr Field<14, 12> funct3{};
    static constexpr Field<19, 15> rs1{};
    static constexpr Field<24, 20> rs2{};
    static constexpr Field<31, 27> funct5{};
    static constexpr Field<31, 20> csr{};
};
constexpr std::uint64_t branch = 0x63, jalr = 0x67, jal = 0x6f, system = 0x73, amo = 0x2f;
constexpr std::uint64_t load_reserved = 2, store_conditional = 3, sie = 0x104;
constexpr std::uint64_t sret = 0x1020'0073, wfi = 0x1050'0073;
constexpr unsigned sequence_limit = 16;

/// Of a compressed one ("RVC Instruction Set Listings").
struct Compressed : Register<Compressed> {
    static constexpr Field<1, 0> quadrant{};
    static constexpr Field<15, 13> funct3{};
    static constexpr Field<11, 7> rs1{};
    static constexpr Field<6, 2> rs2{};
    static constexpr Field<9, 7> short_rs1{};
};

/// The bits [high:low] of `raw`, moved to bit `to`.
constexpr std::uint64_t part(std::uint64_t raw, unsigned high, unsigned low, unsigned to) {
    return (raw >> low & (~std::uint64_t{0} >> (63 - (high - low)))) << to;
}

constexpr std::uint64_t sign_extended(std::uint64_t value, unsigned bits) {
    const std::uint64_t sign = std::uint64_t{1} << (bits - 1);
    return (value ^ sign) - sign;
}

constexpr std::uint64_t jal_offset(std::uint64_t raw) { // J-type: imm[20|10:1|11|19:12]
    return sign_extended(part(raw, 31, 31, 20) | part(raw, 30, 21, 1) | part(raw, 20, 20, 11) | part(raw, 19, 12, 12),
                         21);
}
constexpr std::uint64_t branch_offset(std::uint64_t raw) { // B-type: imm[12|10:5], imm[4:1|11]
    return sign_extended(part(raw, 31, 31, 12) | part(raw, 30, 25, 5) | part(raw, 11, 8, 1) | part(raw, 7, 7, 11), 13);
}
constexpr std::uint64_t c_jump_offset(std::uint64_t raw) { // CJ: imm[11|4|9:8|10|6|7|3:1|5]
    return sign_extended(part(raw, 12, 12, 11) | part(raw, 11, 11, 4) | part(raw, 10, 9, 8) | part(raw, 8, 8, 10) |
                             part(raw, 7, 7, 6) | part(raw, 6, 6, 7) | part(raw, 5, 3, 1) | part(raw, 2, 2, 5),
                         12);
}
constexpr std::uint64_t c_branch_offset(std::uint64_t raw) { // CB: imm[8|4:3], imm[7:6|2:1|5]
    return sign_extended(
        part(raw, 12, 12, 8) | part(raw, 11, 10, 3) | part(raw, 6, 5, 6) | part(raw, 4, 3, 1) | part(raw, 2, 2, 5), 9);
}
static_assert(jal_offset(0xffdff06f) == static_cast<std::uint64_t>(-4));
static_assert(branch_offset(0xfe000ee3) == static_cast<std::uint64_t>(-4));
static_assert(c_jump_offset(0xbffd) == static_cast<std::uint64_t>(-2));
static_assert(c_branch_offset(0xdc65) == static_cast<std::uint64_t>(-8));

/// Where control can go, as the instruction says and without a look at registers.
struct Decoded {
    enum class Kind : std::uint8_t { Plain, Jump, Branch, Indirect, Return } kind = Kind::Plain;
    std::uint64_t length = 4;
    std::uint64_t raw = 0;
    std::uint64_t offset = 0; ///< of jumps and branches; of an indirect one, what is added to the register
    unsigned rs1 = 0, rs2 = 0;
    unsigned condition = 0; ///< a branch's funct3

    bool is_amo(std::uint64_t which) const {
        const Instruction word{{raw}};
        return length == 4 && word.get(Instruction::opcode) == amo && word.get(Instruction::funct5) == which;
    }
};

Decoded decode_compressed(std::uint16_t half) {
    using enum Decoded::Kind;
    const Compressed word{{half}};
    Decoded decoded{.length = 2, .raw = half};
    const std::uint64_t quadrant = word.get(Compressed::quadrant), funct3 = word.get(Compressed::funct3);
    if (quadrant == 1 && funct3 == 5) { // C.J
        decoded.kind = Jump;
        decoded.offset = c_jump_offset(half);
    } else if (quadrant == 1 && funct3 >= 6) { // C.BEQZ, C.BNEZ
        decoded.kind = Branch;
        decoded.offset = c_branch_offset(half);
        decoded.rs1 = 8 + static_cast<unsigned>(word.get(Compressed::short_rs1));
        decoded.condition = static_cast<unsigned>(funct3 - 6);
    } else if (quadrant == 2 && funct3 == 4 && word.get(Compressed::rs2) == 0 && word.get(Compressed::rs1) != 0) {
        decoded.kind = Indirect; // C.JR, C.JALR
        decoded.rs1 = static_cast<unsigned>(word.get(Compressed::rs1));
    }
    return decoded;
}

std::optional<Decoded> decode(std::uint64_t pc, const Look& look) {
    using enum Decoded::Kind;
    const auto low = look.fetch(pc);
    if (!low || (*low & 3) != 3)
        return low ? std::optional{decode_compressed(*low)} : std::nullopt;
    const auto high = look.fetch(pc + 2);
    if (!high)
        return {};
    const Instruction word{{static_cast<std::uint64_t>(*high) << 16 | *low}};
    Decoded decoded{.raw = word.raw};
    decoded.rs1 = static_cast<unsigned>(word.get(Instruction::rs1));
    switch (word.get(Instruction::opcode)) {
    case jal:
        decoded.kind = Jump;
        decoded.offset = jal_offset(word.raw);
        break;
    case jalr:
        decoded.kind = Indirect;
        decoded.offset = sign_extended(part(word.raw, 31, 20, 0), 12);
        break;
    case branch:
        decoded.kind = Branch;
        decoded.offset = branch_offset(word.raw);
        decoded.rs2 = static_cast<unsigned>(word.get(Instruction::rs2));
        decoded.condition = static_cast<unsigned>(word.get(Instruction::funct3));
        break;
    default:
        if (word.raw == sret)
            decoded.kind = Return;
    }
    return decoded;
}

bool taken(unsigned condition, std::uint64_t left, std::uint64_t right) {
    const auto signed_left = static_cast<std::int64_t>(left), signed_right = static_cast<std::int64_t>(right);
    switch (condition) { // BEQ, BNE, -, -, BLT, BGE, BLTU, BGEU
    case 0: return left == right;
    case 1: return left != right;
    case 4: return signed_left < signed_right;
    case 5: return signed_left >= signed_right;
    case 6: return left < right;
    case 7: return left >= right;
    default: return false;
    }
}

/// Behind the SC that belongs to the LR at `pc`, and where branches between lead out; nothing if there is no SC.
std::optional<Step> step_sequence(std::uint64_t pc, const Look& look) {
    Step result;
    std::array<std::uint64_t, sequence_limit> targets{};
    std::size_t target_count = 0;
    std::uint64_t at = pc;
    for (unsigned i = 0; i < sequence_limit; ++i) {
        const auto decoded = decode(at, look);
        if (!decoded || (decoded->kind != Decoded::Kind::Plain && decoded->kind != Decoded::Kind::Branch))
            return {};
        if (decoded->kind == Decoded::Kind::Branch)
            targets[target_count++] = at + decoded->offset;
        at += decoded->length;
        if (!decoded->is_amo(store_conditional))
            continue;
        result.add(at);
        for (std::size_t each = 0; each < target_count; ++each)
            if (targets[each] < pc || targets[each] >= at)
                result.add(targets[each]);
        return result;
    }
    return {};
}

}

std::optional<Step> step(std::uint64_t pc, const Look& look) {
    const auto decoded = decode(pc, look);
    if (!decoded)
        return {};
    if (decoded->is_amo(load_reserved))
        if (const auto sequence = step_sequence(pc, look))
            return sequence;
    Step result;
    const auto left = look.reg(decoded->rs1), right = look.reg(decoded->rs2);
    switch (decoded->kind) {
    case Decoded::Kind::Plain: result.add(pc + decoded->length); break;
    case Decoded::Kind::Jump: result.add(pc + decoded->offset); break;
    case Decoded::Kind::Branch:
        if (!left || !right)
            return {};
        result.add(pc + (taken(decoded->condition, *left, *right) ? decoded->offset : decoded->length));
        break;
    case Decoded::Kind::Indirect:
        if (!left)
            return {};
        result.add((*left + decoded->offset) & ~std::uint64_t{1});
        break;
    case Decoded::Kind::Return: {
        const auto to = look.reg(number::sepc);
        if (!to)
            return {};
        result.add(*to);
        break;
    }
    }
    const Instruction word{{decoded->raw}};
    result.waits = decoded->raw == wfi;
    result.interrupt_enable = decoded->length == 4 && word.get(Instruction::opcode) == system &&
                              word.get(Instruction::funct3) != 0 && word.get(Instruction::csr) == sie;
    return result;
}

}
