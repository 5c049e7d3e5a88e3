// SPDX-License-Identifier: Apache-2.0
#include "bench/primitives/platform.hpp"

#include <span>

#include "base/device_tree.hpp"
#include "guests/guest.hpp"

namespace {

/// One node, as far as it matters: it is looked at when it ends.
struct Node {
    std::string_view name;
    device_tree::Value compatible, reg, extended, extensions, isa, interrupts;
    std::uint32_t phandle = 0, message_parent = 0, guest_index_bits = 0;
};

bool lists(device_tree::Value strings, std::string_view wanted) {
    while (strings.left() != 0)
        if (strings.string() == wanted)
            return true;
    return false;
}

struct Visitor {
    static constexpr std::uint32_t supervisor_external = 9;
    Platform& platform;
    std::uint64_t boot_hart;
    std::array<Node, device_tree::depth_limit + 1> nodes{}; ///< from the root to where the walk is
    std::size_t depth = 0;
    std::array<std::uint32_t, hart_limit> controllers{}; ///< phandles of the harts' interrupt controllers
    device_tree::Value plic_harts{};                     ///< the PLIC's contexts
    std::array<Node, 4> imsics{}, aplics{};              ///< of machine and supervisor mode, in any order
    std::size_t imsic_count = 0, aplic_count = 0;

    void reservation(std::uint64_t, std::uint64_t) {}
    void begin_node(std::string_view name) {
        nodes[depth++] = {};
        nodes[depth - 1].name = name;
    }
    void property(std::string_view name, device_tree::Value value) {
        Node& node = nodes[depth - 1];
        if (name == "compatible")
            node.compatible = value;
        else if (name == "reg")
            node.reg = value;
        else if (name == "interrupts-extended")
            node.extended = value;
        else if (name == "interrupts")
            node.interrupts = value;
        else if (name == "phandle")
            node.phandle = value.cell();
        else if (name == "msi-parent")
            node.message_parent = value.cell();
        else if (name == "riscv,guest-index-bits")
            node.guest_index_bits = value.cell();
        else if (name == "riscv,isa-extensions")
            node.extensions = value;
        else if (name == "riscv,isa")
            node.isa = value;
        else if (name == "bootargs")
            platform.command_line = value.string();
        else if (name == "timebase-frequency")
            platform.hertz = value.cell();
    }
    void end_node() {
        Node& node = nodes[--depth];
        if (node.name.starts_with("cpu@")) {
            add_hart(node);
        } else if (lists(node.compatible, "riscv,cpu-intc")) {
            if (platform.hart_count < hart_limit)
                controllers[platform.hart_count] = node.phandle; // of the hart whose node ends next
        } else if (node.name.starts_with("memory@") && platform.ram == 0) {
            platform.ram = node.reg.number(8);
            platform.ram_bytes = node.reg.number(8);
        } else if (lists(node.compatible, "ns16550a")) {
            platform.uart = node.reg.number(8);
        } else if (lists(node.compatible, "sifive,plic-1.0.0") || lists(node.compatible, "riscv,plic0")) {
            platform.plic = node.reg.number(8);
            plic_harts = node.extended;
        } else if (lists(node.compatible, "riscv,imsics")) {
            if (imsic_count < imsics.size())
                imsics[imsic_count++] = node;
        } else if (lists(node.compatible, "riscv,aplic")) {
            if (aplic_count < aplics.size())
                aplics[aplic_count++] = node;
        } else if (lists(node.compatible, "virtio,mmio") && platform.virtio_count < platform.virtio.size()) {
            platform.virtio[platform.virtio_count++] = {node.reg.number(8), node.interrupts.cell()};
        }
    }
    void add_hart(Node& node) {
        if (platform.hart_count == hart_limit)
            return;
        const std::string_view isa = node.isa.string();
        platform.sstc |= lists(node.extensions, "sstc") || isa.find("_sstc") != isa.npos;
        platform.hart_ids[platform.hart_count++] = node.reg.left() == 8 ? node.reg.number(8) : node.reg.cell();
    }
    /// The harts' files, if these are those of supervisor mode (Linux, interrupt-controller/riscv,imsics.yaml: one page
    /// a hart, and behind it those for its guests), and the APLIC that sends messages there.
    void find_files(Node& node) {
        constexpr std::uint64_t page = 4096;
        const std::uint64_t first = node.reg.number(8), step = page << node.guest_index_bits;
        for (std::uint64_t index = 0; node.extended.left() != 0; ++index) {
            const std::uint32_t controller = node.extended.cell();
            if (node.extended.cell() != supervisor_external)
                return;
            for (std::size_t i = 0; i < platform.hart_count; ++i)
                if (controllers[i] == controller)
                    platform.files[i] = first + index * step;
            if (controllers[0] == controller)
                platform.aplic_hart = index;
        }
        for (std::size_t i = 0; i < aplic_count; ++i)
            if (aplics[i].message_parent == node.phandle)
                platform.aplic = aplics[i].reg.number(8);
    }
    /// The boot hart first, and its context of the PLIC: that with its interrupt 9, supervisor external.
    void finish() {
        for (std::size_t i = 0; i < platform.hart_count; ++i)
            if (platform.hart_ids[i] == boot_hart) {
                std::swap(platform.hart_ids[i], platform.hart_ids[0]);
                std::swap(controllers[i], controllers[0]);
            }
        for (std::size_t i = 0; i < imsic_count; ++i)
            find_files(imsics[i]);
        for (std::uint64_t context = 0; plic_harts.left() != 0; ++context) {
            const std::uint32_t controller = plic_harts.cell();
            if (plic_harts.cell() == supervisor_external && controller == controllers[0])
                platform.context = context;
        }
    }
};

}

bool read_platform(const void* tree, std::uint64_t boot_hart, Platform& platform) {
    constexpr std::size_t most = 1 << 20;
    Visitor visitor{platform, boot_hart};
    const bool whole = device_tree::walk({static_cast<const std::byte*>(tree), most}, visitor);
    visitor.finish();
    return whole && platform.hart_count != 0 && platform.hertz != 0;
}

void print(const Platform& platform, std::string_view text) {
    for (const char character : text) {
        if (platform.uart == 0) {
            sbi_call(sbi::Extension::LegacyConsolePutchar, 0, static_cast<std::uint8_t>(character));
            continue;
        }
        constexpr std::uint64_t line_status = 5;
        constexpr std::uint8_t transmitter_empty = 1 << 5;
        const auto* uart = reinterpret_cast<volatile std::uint8_t*>(platform.uart);
        while ((uart[line_status] & transmitter_empty) == 0) {
        }
        *reinterpret_cast<volatile std::uint8_t*>(platform.uart) = static_cast<std::uint8_t>(character);
    }
}

void print(const Platform& platform, std::uint64_t number) {
    char digits[20];
    std::size_t at = sizeof digits;
    do {
        digits[--at] = static_cast<char>('0' + number % 10);
        number /= 10;
    } while (number != 0);
    print(platform, std::string_view{digits + at, sizeof digits - at});
}

void print_figure(const Platform& platform, std::string_view name, std::uint64_t value, std::string_view unit) {
    print(platform, "bench: ");
    print(platform, name);
    print(platform, " ");
    print(platform, value);
    print(platform, " ");
    print(platform, unit);
    print(platform, "\n");
}

void print_reason(const Platform& platform, std::string_view name, std::string_view why) {
    print(platform, "bench: ");
    print(platform, name);
    print(platform, " - ");
    print(platform, why);
    print(platform, "\n");
}
