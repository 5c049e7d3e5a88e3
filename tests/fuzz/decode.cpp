// SPDX-License-Identifier: Apache-2.0
// Any instruction word and any htinst: what is decoded is a load or store as a device can answer it, and a transformed
// instruction means what the one does that it was made of.
#include "sdk/decode.hpp"

#include "tests/decode/reference.hpp"
#include "tests/fuzz/input.hpp"

namespace {

using namespace fuzz;

void check(const std::optional<sdk::MemoryInstruction>& found) {
    if (!found)
        return;
    must(found->width == 1 || found->width == 2 || found->width == 4 || found->width == 8);
    must(found->register_number < 32);
    must(found->length == 2 || found->length == 4);
    must(!found->sign_extend || (!found->store && found->width < 8));
}

}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Input input{{data, size}};
    while (!input.empty()) {
        const auto word = input.next<std::uint32_t>();
        const auto found = sdk::decode_instruction(word);
        check(found);
        if ((word & 3) != 3) {
            must(found == decode_reference::compressed(static_cast<std::uint16_t>(word)));
        } else {
            must(!found || found->length == 4);
            auto transformed = found; // rs1's place says how far behind the access's first byte the fault is
            if (transformed)
                transformed->offset = static_cast<std::uint8_t>(word >> 15 & 31);
            must(sdk::decode_transformed(word) == transformed);
            const auto shorter = sdk::decode_transformed(word & ~2u); // the same, had it been compressed
            must(shorter.has_value() == found.has_value() && (!shorter || shorter->length == 2));
        }
        const auto htinst = input.next<std::uint64_t>();
        const auto any = sdk::decode_transformed(htinst);
        check(any);
        must(!any || (htinst >> 32 == 0 && (htinst & 1) != 0));
    }
    return 0;
}
