// SPDX-License-Identifier: Apache-2.0
#include "monitors/machine/device_tree.hpp"

#include <cstdio>

#include "monitors/machine/isa.hpp"

extern "C" {
#include <libfdt.h>
}

namespace machine {

namespace {

constexpr std::uint32_t test_phandle = 1, controller_phandle = 2, files_phandle = 3, first_hart_phandle = 16;
constexpr std::uint32_t supervisor_external = 9, machine_external = 11; // norm:mcause interrupt codes

/// Writes a tree from its start to its end; remembers the first thing that went wrong.
class Writer {
  public:
    explicit Writer(std::size_t bytes) : bytes_(bytes) {
        note(fdt_create(bytes_.data(), static_cast<int>(bytes)));
        note(fdt_finish_reservemap(bytes_.data()));
    }
    void begin(const char* name) { note(fdt_begin_node(bytes_.data(), name)); }
    void begin(const char* name, std::uint64_t unit) {
        char text[64];
        std::snprintf(text, sizeof text, "%s@%lx", name, static_cast<unsigned long>(unit));
        begin(text);
    }
    void end() { note(fdt_end_node(bytes_.data())); }
    void flag(const char* name) { note(fdt_property(bytes_.data(), name, nullptr, 0)); }
    void bytes(const char* name, const void* data, std::size_t size) {
        if (size > bytes_.size()) // more than libfdt's numbers hold, perhaps
            return note(-FDT_ERR_NOSPACE);
        note(fdt_property(bytes_.data(), name, data, static_cast<int>(size)));
    }
    /// One string; with NULs in it, a list.
    void text(const char* name, std::string_view value) {
        const std::string whole{value};
        bytes(name, whole.c_str(), whole.size() + 1);
    }
    void cell(const char* name, std::uint32_t value) { note(fdt_property_u32(bytes_.data(), name, value)); }
    void number(const char* name, std::uint64_t value) { note(fdt_property_u64(bytes_.data(), name, value)); }
    void cells(const char* name, const std::vector<std::uint32_t>& values) {
        std::vector<std::uint32_t> swapped;
        for (const std::uint32_t value : values)
            swapped.push_back(cpu_to_fdt32(value));
        bytes(name, swapped.data(), swapped.size() * sizeof(std::uint32_t));
    }
    void range(const char* name, GuestRange range) {
        const auto high = [](std::uint64_t value) { return static_cast<std::uint32_t>(value >> 32); };
        const auto low = [](std::uint64_t value) { return static_cast<std::uint32_t>(value); };
        cells(name, {high(range.first.value), low(range.first.value), high(range.bytes), low(range.bytes)});
    }
    /// With some room behind it: boot loaders add to a tree where it lies (U-Boot's booti, by its QEMU environment).
    std::expected<std::vector<std::byte>, const char*> finish() {
        constexpr int room = 8 << 10;
        note(fdt_finish(bytes_.data()));
        const int size = static_cast<int>(fdt_totalsize(bytes_.data())) + room;
        if (error_ == 0)
            note(static_cast<std::size_t>(size) > bytes_.size() ? -FDT_ERR_NOSPACE
                                                                : fdt_open_into(bytes_.data(), bytes_.data(), size));
        if (error_ < 0)
            return std::unexpected{fdt_strerror(error_)};
        bytes_.resize(static_cast<std::size_t>(size));
        return std::move(bytes_);
    }

  private:
    void note(int result) {
        if (error_ == 0 && result < 0)
            error_ = result;
    }
    std::vector<std::byte> bytes_;
    int error_ = 0;
};

void write_chosen(Writer& tree, const Description& machine) {
    tree.begin("chosen");
    tree.text("bootargs", machine.command_line);
    tree.text("stdout-path", "/soc/serial@10000000");
    if (machine.initrd.bytes != 0) {
        tree.number("linux,initrd-start", machine.initrd.first.value);
        tree.number("linux,initrd-end", machine.initrd.first.value + machine.initrd.bytes);
    }
    tree.bytes("rng-seed", machine.seed.data(), machine.seed.size());
    tree.end();
}

void write_hart(Writer& tree, const Description& machine, std::uint32_t hart) {
    tree.begin("cpu", hart);
    tree.text("device_type", "cpu");
    tree.cell("reg", hart);
    tree.text("status", "okay");
    tree.text("compatible", "riscv");
    tree.text("riscv,isa", isa_string(machine.extensions));
    tree.text("riscv,isa-base", "rv64i");
    std::string list;
    for (std::string_view rest = machine.extensions; !rest.empty();) {
        if (!list.empty())
            list += '\0';
        list += next_extension(rest);
    }
    tree.text("riscv,isa-extensions", list);
    if (machine.cbo_block_bytes != 0) {
        tree.cell("riscv,cbom-block-size", machine.cbo_block_bytes);
        tree.cell("riscv,cboz-block-size", machine.cbo_block_bytes);
    }
    tree.text("mmu-type", machine.mmu_type);
    tree.begin("interrupt-controller");
    tree.cell("#interrupt-cells", 1);
    tree.flag("interrupt-controller");
    tree.text("compatible", "riscv,cpu-intc");
    tree.cell("phandle", first_hart_phandle + hart);
    tree.end();
    tree.end();
}

void write_harts(Writer& tree, const Description& machine) {
    tree.begin("cpus");
    tree.cell("#address-cells", 1);
    tree.cell("#size-cells", 0);
    tree.cell("timebase-frequency", machine.timebase_hertz);
    for (std::uint32_t hart = 0; hart < machine.harts; ++hart)
        write_hart(tree, machine, hart);
    tree.end();
}

/// How an interrupt line is taken: the second cell of an APLIC's `interrupts`. A PLIC's have one.
enum class Trigger : std::uint32_t { RisingEdge = 1, HighLevel = 4 };

/// A device with an interrupt line; more properties may follow.
void begin_device(Writer& tree, const Description& machine, const char* name, GuestRange range,
                  std::string_view compatible, std::uint32_t line, Trigger trigger = Trigger::HighLevel) {
    tree.begin(name, range.first.value);
    tree.text("compatible", compatible);
    tree.range("reg", range);
    if (machine.message_identities != 0)
        tree.cells("interrupts", {line, static_cast<std::uint32_t>(trigger)});
    else
        tree.cell("interrupts", line);
    tree.cell("interrupt-parent", controller_phandle);
}

void write_plic(Writer& tree, const Description& machine) {
    using namespace std::string_view_literals;
    std::vector<std::uint32_t> contexts; // machine mode's is nobody's; it keeps the numbers those of QEMU
    for (std::uint32_t hart = 0; hart < machine.harts; ++hart)
        for (const std::uint32_t cause : {machine_external, supervisor_external})
            contexts.insert(contexts.end(), {first_hart_phandle + hart, cause});
    tree.begin("plic", map::plic.first.value);
    tree.text("compatible", "sifive,plic-1.0.0\0riscv,plic0"sv);
    tree.range("reg", map::plic);
    tree.flag("interrupt-controller");
    tree.cell("#interrupt-cells", 1);
    tree.cell("#address-cells", 0);
    tree.cell("riscv,ndev", map::interrupt_sources);
    tree.cells("interrupts-extended", contexts);
    tree.cell("phandle", controller_phandle);
    tree.end();
}

/// An APLIC that sends messages to the harts' interrupt files (bindings riscv,aplic and riscv,imsics).
void write_aia(Writer& tree, const Description& machine) {
    std::vector<std::uint32_t> harts;
    for (std::uint32_t hart = 0; hart < machine.harts; ++hart)
        harts.insert(harts.end(), {first_hart_phandle + hart, supervisor_external});
    tree.begin("interrupt-controller", map::interrupt_files.first.value);
    tree.text("compatible", "riscv,imsics");
    tree.range("reg", {map::interrupt_files.first, machine.harts * map::interrupt_file(0).bytes});
    tree.flag("interrupt-controller");
    tree.cell("#interrupt-cells", 0);
    tree.flag("msi-controller");
    tree.cell("#msi-cells", 0);
    tree.cell("riscv,num-ids", machine.message_identities);
    tree.cells("interrupts-extended", harts);
    tree.cell("phandle", files_phandle);
    tree.end();
    tree.begin("interrupt-controller", map::aplic.first.value);
    tree.text("compatible", "riscv,aplic");
    tree.range("reg", map::aplic);
    tree.flag("interrupt-controller");
    tree.cell("#interrupt-cells", 2);
    tree.cell("#address-cells", 0);
    tree.cell("riscv,num-sources", map::interrupt_sources);
    tree.cell("msi-parent", files_phandle);
    tree.cell("phandle", controller_phandle);
    tree.end();
}

void write_devices(Writer& tree, const Description& machine) {
    using namespace std::string_view_literals;
    tree.begin("soc");
    tree.cell("#address-cells", 2);
    tree.cell("#size-cells", 2);
    tree.text("compatible", "simple-bus");
    tree.flag("ranges");
    if (machine.message_identities != 0)
        write_aia(tree, machine);
    else
        write_plic(tree, machine);
    tree.begin("test", map::test.first.value);
    tree.text("compatible", "sifive,test1\0sifive,test0\0syscon"sv);
    tree.range("reg", map::test);
    tree.cell("phandle", test_phandle);
    tree.end();
    begin_device(tree, machine, "rtc", map::rtc, "google,goldfish-rtc", map::rtc_interrupt);
    tree.end();
    begin_device(tree, machine, "serial", map::uart, "ns16550a", map::uart_interrupt);
    tree.cell("clock-frequency", map::uart_hertz);
    tree.end();
    for (std::size_t slot = 0; slot < map::virtio_slots; ++slot)
        if (machine.virtio[slot]) {
            begin_device(tree, machine, "virtio_mmio", map::virtio(slot), "virtio,mmio", map::virtio_interrupt(slot),
                         Trigger::RisingEdge);
            tree.end();
        }
    tree.end();
}

/// What the test device does for a word written to its register 0.
void write_power(Writer& tree, const char* name, std::string_view compatible, std::uint32_t value) {
    tree.begin(name);
    tree.text("compatible", compatible);
    tree.cell("regmap", test_phandle);
    tree.cell("offset", 0);
    tree.cell("value", value);
    tree.end();
}

}

std::expected<std::vector<std::byte>, const char*> make_device_tree(const Description& machine) {
    constexpr std::size_t bytes = 64 << 10;
    constexpr std::uint32_t power_off = 0x5555, reboot = 0x7777;
    if (machine.harts > map::hart_limit)
        return std::unexpected{"more harts than the interrupt controller has contexts for"};
    Writer tree{bytes};
    tree.begin("");
    tree.cell("#address-cells", 2);
    tree.cell("#size-cells", 2);
    tree.text("compatible", "riscv-virtio");
    tree.text("model", "Sundew machine");
    write_chosen(tree, machine);
    tree.begin("aliases");
    tree.text("serial0", "/soc/serial@10000000");
    tree.end();
    tree.begin("memory", machine.ram.first.value);
    tree.text("device_type", "memory");
    tree.range("reg", machine.ram);
    tree.end();
    write_harts(tree, machine);
    write_power(tree, "poweroff", "syscon-poweroff", power_off);
    write_power(tree, "reboot", "syscon-reboot", reboot);
    write_devices(tree, machine);
    tree.end();
    return tree.finish();
}

}
