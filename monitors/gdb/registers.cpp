// SPDX-License-Identifier: Apache-2.0
#include "monitors/gdb/registers.hpp"

#include <algorithm>
#include <array>

#include "monitors/gdb/hex.hpp"

namespace gdb {

namespace {

constexpr std::size_t word = 8, half = 4;

struct Named {
    const char* name;
    unsigned number;
};

constexpr std::array general_names{"zero", "ra", "sp", "gp", "tp",  "t0",  "t1", "t2", "fp", "s1", "a0",
                                   "a1",   "a2", "a3", "a4", "a5",  "a6",  "a7", "s2", "s3", "s4", "s5",
                                   "s6",   "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6"};
constexpr std::array float_names{"ft0", "ft1", "ft2", "ft3", "ft4",  "ft5",  "ft6", "ft7", "fs0",  "fs1", "fa0",
                                 "fa1", "fa2", "fa3", "fa4", "fa5",  "fa6",  "fa7", "fs2", "fs3",  "fs4", "fs5",
                                 "fs6", "fs7", "fs8", "fs9", "fs10", "fs11", "ft8", "ft9", "ft10", "ft11"};
constexpr std::array float_csrs{Named{"fflags", number::fflags}, Named{"frm", number::frm},
                                Named{"fcsr", number::fcsr}};
constexpr std::array vector_csrs{Named{"vstart", number::vstart}, Named{"vxsat", number::vxsat},
                                 Named{"vxrm", number::vxrm},     Named{"vcsr", number::vcsr},
                                 Named{"vl", number::vl},         Named{"vtype", number::vtype},
                                 Named{"vlenb", number::vlenb}};
constexpr std::array supervisor_csrs{Named{"sstatus", number::sstatus}, Named{"sie", number::sie},
                                     Named{"stvec", number::stvec},     Named{"scounteren", number::scounteren},
                                     Named{"senvcfg", number::senvcfg}, Named{"sscratch", number::sscratch},
                                     Named{"sepc", number::sepc},       Named{"scause", number::scause},
                                     Named{"stval", number::stval},     Named{"sip", number::sip},
                                     Named{"satp", number::satp}};

bool has(const auto& list, unsigned which) {
    return std::ranges::find(list, which, &Named::number) != list.end();
}

void add(std::string& text, std::string_view name, unsigned which, std::size_t bytes, const char* type,
         const char* group = nullptr) {
    text += "<reg name=\"";
    text += name;
    (text += "\" bitsize=\"") += decimal_text(8 * bytes);
    ((text += "\" regnum=\"") += decimal_text(which)) += "\" type=\"";
    text += type;
    if (group) {
        text += "\" group=\"";
        text += group;
    }
    text += "\"/>";
}

}

std::optional<std::size_t> register_bytes(unsigned which, const Features& features) {
    if (which < number::first_csr)
        return word;
    if (has(float_csrs, which))
        return half;
    if (has(supervisor_csrs, which) || which == number::privilege)
        return word;
    if (which == number::stimecmp && features.timer)
        return word;
    if (has(vector_csrs, which) && features.vector_bytes != 0)
        return word;
    if (which >= number::first_vector && which < number::end && features.vector_bytes != 0)
        return features.vector_bytes;
    return {};
}

std::string describe_registers(const Features& features) {
    std::string text = "<?xml version=\"1.0\"?><!DOCTYPE target SYSTEM \"gdb-target.dtd\">"
                       "<target version=\"1.0\"><architecture>riscv:rv64</architecture>"
                       "<feature name=\"org.gnu.gdb.riscv.cpu\">";
    for (unsigned i = 0; i < general_names.size(); ++i)
        add(text, general_names[i], i, word, i == 1 ? "code_ptr" : i >= 2 && i <= 4 ? "data_ptr" : "int");
    add(text, "pc", number::pc, word, "code_ptr");
    text += "</feature><feature name=\"org.gnu.gdb.riscv.fpu\"><union id=\"both\">"
            "<field name=\"float\" type=\"ieee_single\"/><field name=\"double\" type=\"ieee_double\"/></union>";
    for (unsigned i = 0; i < float_names.size(); ++i)
        add(text, float_names[i], number::first_float + i, word, "both");
    for (const Named& each : float_csrs)
        add(text, each.name, each.number, half, "int", "float");
    text += "</feature><feature name=\"org.gnu.gdb.riscv.csr\">";
    for (const Named& each : supervisor_csrs)
        add(text, each.name, each.number, word, "int", "csr");
    if (features.timer)
        add(text, "stimecmp", number::stimecmp, word, "int", "csr");
    if (features.vector_bytes != 0)
        for (const Named& each : vector_csrs)
            add(text, each.name, each.number, word, "int", "csr");
    text += "</feature><feature name=\"org.gnu.gdb.riscv.virtual\">";
    add(text, "priv", number::privilege, word, "int", "general");
    if (features.vector_bytes != 0) {
        const auto elements = [&](const char* id, const char* type, std::size_t width) {
            ((text += "<vector id=\"") += id) += "\" type=\"";
            ((text += type) += "\" count=\"") += decimal_text(features.vector_bytes / width);
            text += "\"/>";
        };
        text += "</feature><feature name=\"org.gnu.gdb.riscv.vector\">";
        elements("bytes", "uint8", 1);
        elements("shorts", "uint16", 2);
        elements("words", "uint32", 4);
        elements("longs", "uint64", 8);
        text += "<union id=\"elements\"><field name=\"b\" type=\"bytes\"/><field name=\"s\" type=\"shorts\"/>"
                "<field name=\"w\" type=\"words\"/><field name=\"l\" type=\"longs\"/></union>";
        for (unsigned i = 0; i < 32; ++i)
            add(text, std::string{"v"} += decimal_text(i), number::first_vector + i, features.vector_bytes, "elements",
                "vector");
    }
    return text + "</feature></target>";
}

}
