// SPDX-License-Identifier: Apache-2.0
// From firmware to the manager's first instruction: find the machine, take the pool, hand out the rest.
#include <algorithm>
#include <new>

#include "abi/boot.hpp"
#include "nucleus/riscv/machine.hpp"
#include "nucleus/scheduler.hpp"

constinit Nucleus nucleus;

namespace {

/// The pool's share of RAM: guests lie in large pages, which need next to no tables; the rest is for machines, of which
/// it has room for ten with each GiB.
constexpr std::uint64_t pool_share = 576, pool_least = 2 << 20, pool_most = 256 << 20;

MachineFacts facts;

/// Whether devices' interrupts come as messages to harts that can take them.
bool messages() {
    return nucleus.has(abi::SystemFeature::Aia) && facts.aplic.bytes != 0 && facts.imsics.bytes != 0;
}
HostRange interrupt_controller() {
    return messages() ? facts.aplic : facts.plic;
}

HostRange whole_pages(HostRange range) {
    const std::uint64_t first = range.first.value & ~(page_bytes - 1);
    return {{first}, pages_for(range.first.value + range.bytes - first) * page_bytes};
}

/// Adds what is left of `range` without `taken` to the manager's handles from `slot` on, up to `end`.
void hand_out(HandleTable& handles, HostRange range, std::span<const HostRange> taken, abi::Rights rights,
              abi::Handle& slot, abi::Handle end) {
    std::uint64_t at = range.first.value;
    const std::uint64_t stop = at + range.bytes;
    while (at < stop && slot < end) {
        std::uint64_t next = stop;
        const HostRange* covering = nullptr;
        for (const HostRange& each : taken) {
            if (each.contains({at}))
                covering = &each;
            else if (each.first.value > at && each.bytes != 0)
                next = std::min(next, each.first.value);
        }
        if (covering) {
            at = covering->first.value + covering->bytes;
            continue;
        }
        handles.put(slot++, {abi::Kind::Memory, rights, at / page_bytes, (next - at) / page_bytes});
        at = next;
    }
}

/// The pool begins behind the image and ends before anything that is in use.
HostRange choose_pool(HostPhysical image, std::uint64_t image_bytes) {
    std::uint64_t ram = 0;
    for (const HostRange& each : facts.ram.all())
        ram += each.bytes;
    const std::uint64_t first = (image.value + image_bytes + 4 * page_bytes - 1) & ~(4 * page_bytes - 1);
    std::uint64_t end = first + std::clamp(ram / pool_share, pool_least, pool_most) / page_bytes * page_bytes;
    for (const HostRange& each : facts.ram.all())
        if (each.contains(image))
            end = std::min(end, each.first.value + each.bytes);
    for (const HostRange& each : facts.reserved.all())
        if (each.first.value >= first)
            end = std::min(end, each.first.value & ~(page_bytes - 1));
    if (end < first + pool_least / 2)
        refuse("no room for the pool behind the image: load the device tree and the initrd further up");
    return {{first}, end - first};
}

/// Replaces the map that start.S made by one in which nothing is both writable and executable.
void map_window(const Image& image, HostRange pool, Account& account) {
    TableMemory memory{nucleus.pool, account};
    PageTable<TableMemory> window{nucleus.pool.physical(nucleus.pool.allocate(account)), {3, 9}};
    const auto map = [&](std::uint64_t address, HostPhysical physical, std::uint64_t bytes, std::uint64_t flags) {
        std::uint64_t done = 0;
        while (done < bytes / page_bytes) {
            const auto step = window.map(memory, address + done * page_bytes, {physical.value + done * page_bytes},
                                         bytes / page_bytes - done, flags | pte::global);
            if (!step)
                refuse("the pool is too small for the nucleus's own map");
            done += *step;
        }
    };
    map(WINDOW, image.physical, image.text_bytes, pte::read | pte::execute);
    map(WINDOW + image.data_offset, {image.physical.value + image.data_offset}, image.data_bytes,
        pte::read | pte::write);
    map(WINDOW + (pool.first.value - image.physical.value), pool.first, pool.bytes, pte::read | pte::write);
    if (const HostRange controller = interrupt_controller(); controller.bytes != 0)
        map(WINDOW_INTERRUPTS, controller.first, std::min(controller.bytes, std::uint64_t{0x4000000}),
            pte::read | pte::write);
    constexpr std::size_t window_entry = 511;
    nucleus.window_entry = static_cast<std::uint64_t*>(nucleus.pool.pointer(window.root()))[window_entry];
    use_window(nucleus.window_entry);
}

/// Lines and guest interrupt files as the device tree describes them.
void set_up_interrupts() {
    if (interrupt_controller().bytes == 0)
        return;
    const std::uint64_t lines = messages() ? std::min(facts.aplic_lines, facts.imsic_identities) : facts.plic_lines;
    nucleus.interrupts = {
        reinterpret_cast<volatile std::uint32_t*>(WINDOW_INTERRUPTS),
        static_cast<std::uint32_t>(std::min<std::uint64_t>(lines, InterruptController::line_limit - 1)), messages()};
    nucleus.features |= static_cast<std::uint64_t>(abi::SystemFeature::Lines);
    if (messages())
        nucleus.features |= static_cast<std::uint64_t>(abi::SystemFeature::Messages);
    nucleus.identities = facts.imsic_identities;
    nucleus.first_file_page = facts.imsics.first.value / page_bytes;
    nucleus.file_index_bits = facts.imsic_guest_index_bits;
    nucleus.file_count = messages() ? std::min(nucleus.file_count, (1ul << facts.imsic_guest_index_bits) - 1) : 0;
}

void make_harts(std::uint64_t boot_id, Account& account) {
    constexpr std::uint64_t pages = 4;
    for (const auto& found : facts.harts.all()) {
        void* memory = nucleus.pool.allocate(account, abi::Kind::None, pages);
        if (!memory)
            refuse("the pool is too small for that many harts");
        auto* hart = new (static_cast<std::byte*>(memory) + (pages - 1) * page_bytes) Hart{};
        hart->number = nucleus.hart_count;
        hart->id = found.id;
        nucleus.harts[nucleus.hart_count++] = hart;
        const auto contexts = nucleus.interrupts.messages() ? facts.imsic_harts.all() : facts.plic_contexts.all();
        for (const auto& context : contexts)
            if (context.interrupt == 9 && context.interrupt_controller == found.interrupt_controller)
                nucleus.interrupts.use_context(hart->number, static_cast<std::uint32_t>(&context - contexts.data()));
    }
    for (std::uint64_t i = 0; i < nucleus.hart_count; ++i)
        if (nucleus.harts[i]->id == boot_id)
            return;
    refuse("the device tree does not name the hart that it was started on");
}

/// Makes the manager of the image that is linked in, owner of all that the nucleus does not need for itself.
Thread& make_manager(const Image& image, Account& account, Hart& hart) {
    const auto& header = *reinterpret_cast<const abi::boot::ImageHeader*>(image.manager);
    auto& process = *static_cast<Process*>(nucleus.pool.allocate(account, abi::Kind::Process));
    set_up(process, account, account.left, ~std::uint64_t{0} >> (64 - nucleus.hart_count));
    auto& thread = *static_cast<Thread*>(nucleus.pool.allocate(process.space.account, abi::Kind::Thread));
    set_up(thread, process, hart, 0);
    thread.registers.pc = abi::boot::image_address;

    TableMemory memory{nucleus.pool, process.space.account};
    const HostPhysical physical{image.physical.value + (reinterpret_cast<std::uint64_t>(image.manager) - WINDOW)};
    const std::uint64_t split = header.writable_offset / page_bytes;
    (void)process.space.table.map(memory, abi::boot::image_address, physical, split,
                                  pte::read | pte::execute | pte::user);
    (void)process.space.table.map(memory, abi::boot::image_address + header.writable_offset,
                                  {physical.value + header.writable_offset}, pages_for(header.bytes) - split,
                                  pte::read | pte::write | pte::user);
    return thread;
}

void hand_over(HandleTable& handles, HostRange tree) {
    using abi::Kind, abi::Rights;
    handles.put(abi::boot::system, {Kind::System, Rights::All, 0, 0});
    if (nucleus.interrupts.lines() != 0)
        handles.put(abi::boot::interrupts, {Kind::Interrupt, Rights::All, 1, nucleus.interrupts.lines()});
    for (std::uint64_t hart = 0; hart < nucleus.hart_count && nucleus.file_count != 0; ++hart)
        handles.put(abi::boot::first_file + hart, {Kind::Memory, Rights::Read | Rights::Write | Rights::Grant,
                                                   nucleus.own_file(hart) + 1, nucleus.file_count});
    handles.put(abi::boot::device_tree,
                {Kind::Memory, Rights::Read | Rights::Grant, tree.first.value / page_bytes, tree.bytes / page_bytes});
    if (facts.initrd.bytes != 0)
        handles.put(abi::boot::bundle, {Kind::Memory, Rights::Read | Rights::Execute | Rights::Grant,
                                        facts.initrd.first.value / page_bytes, facts.initrd.bytes / page_bytes});
    abi::Handle slot = abi::boot::first_ram;
    for (const HostRange& ram : facts.ram.all())
        hand_out(handles, ram, facts.reserved.all(), Rights::All, slot, abi::boot::first_device);
    List<HostRange, 18> not_devices;
    for (const HostRange& ram : facts.ram.all())
        not_devices.add(ram);
    not_devices.add(whole_pages(interrupt_controller()));
    not_devices.add(whole_pages(facts.imsics)); // among them the harts' own files
    slot = abi::boot::first_device;
    constexpr std::uint64_t physical_end = std::uint64_t{1} << 48;
    hand_out(handles, {{0}, physical_end}, not_devices.all(), Rights::Read | Rights::Write | Rights::Grant, slot,
             abi::boot::last);
}

}

/// The boot hart, on its first stack and map: `tree` and `physical` are where the device tree and the image lie.
extern "C" [[noreturn]] void boot(std::uint64_t hart_id, HostPhysical tree, HostPhysical physical) {
    probe_machine();
    if (!read_device_tree(map_device_tree(tree), facts))
        refuse("the device tree at a1 is missing or broken");
    if (facts.harts.count == 0 || facts.ram.count == 0 || facts.timebase_hertz == 0)
        refuse("the device tree names no harts, no RAM or no timebase");
    const Image image = this_image(physical);
    facts.initrd = whole_pages(facts.initrd);
    const HostRange tree_pages = whole_pages({tree, facts.blob_bytes});
    facts.reserved.add(tree_pages);
    facts.reserved.add(facts.initrd);
    const HostRange pool = choose_pool(physical, image.bytes);
    facts.reserved.add({physical, pool.first.value + pool.bytes - physical.value});
    for (HostRange& each : std::span{facts.reserved.items}.first(facts.reserved.count))
        each = whole_pages(each);

    auto* memory = reinterpret_cast<std::byte*>(WINDOW + (pool.first.value - physical.value));
    nucleus.pool = {{memory, pool.bytes}, pool.first};
    nucleus.root = image.root;
    nucleus.tree_offset = tree.value - tree_pages.first.value;
    nucleus.timebase_hertz = facts.timebase_hertz;
    nucleus.slice_ticks = facts.timebase_hertz / 500; // 2 ms: a lock whose holder waits for this hart costs one
    Account account{.left = nucleus.pool.pages()};
    account.payer = &account;
    map_window(image, pool, account);
    set_up_interrupts();
    make_harts(hart_id, account);
    Hart* self = *std::ranges::find_if(nucleus.harts, [&](const Hart* hart) { return hart->id == hart_id; });
    Thread& manager = make_manager(image, account, *self);
    hand_over(*manager.process->handles, tree_pages);
    self->ready.insert(manager);
    for (std::uint64_t i = 0; i < nucleus.hart_count; ++i)
        if (nucleus.harts[i] != self)
            start_hart(*nucleus.harts[i], image);
    run_hart(*self);
}
