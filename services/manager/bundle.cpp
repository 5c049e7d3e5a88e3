// SPDX-License-Identifier: Apache-2.0
#include "services/manager/bundle.hpp"

#include "abi/boot.hpp"
#include "base/page.hpp"
#include "sdk/startup.hpp"
#include "services/manager/cpio.hpp"

OrComplaint<Bundle> Bundle::of_firmware() {
    const std::uint64_t pages = range_info(abi::boot::bundle, 1);
    if (pages == 0)
        return complain("there is no bundle: give the firmware one as initrd, made with `sundew bundle`");
    auto mapping = sdk::Mapping::create(abi::boot::bundle, 0, pages, abi::Rights::Read);
    if (!mapping)
        return complain("the bundle cannot be mapped: give the host more memory");
    Bundle bundle;
    bundle.slot_ = abi::boot::bundle;
    bundle.mapping_ = std::move(*mapping);
    return bundle;
}

abi::Result<Bundle> Bundle::fresh(Memories& memories, std::uint64_t bytes) {
    const auto pages = bytes != 0 ? memories.ram().take(pages_for(bytes)) : std::nullopt;
    if (!pages)
        return std::unexpected{abi::Error::OutOfQuota};
    Bundle bundle;
    bundle.pages_ = *pages;
    auto handle = memories.handle(*pages);
    auto mapping = handle ? sdk::Mapping::create(handle->slot(), 0, pages->count) : std::unexpected{handle.error()};
    if (!mapping) {
        memories.ram().give(*pages);
        return std::unexpected{mapping.error()};
    }
    bundle.handle_ = std::move(*handle);
    bundle.mapping_ = std::move(*mapping);
    // What follows its last byte goes to monitors too, in the last page.
    std::memset(bundle.bytes().last(page_bytes).data(), 0, page_bytes);
    return bundle;
}

OrComplaint<std::vector<Plan>> Bundle::plans(std::span<const host_devices::Device> devices, std::uint64_t free_pages,
                                             std::span<const Plan* const> others) {
    constexpr const char* again = "make the bundle again with `sundew bundle`";
    const auto blob = cpio::find(bytes(), "manifest.dtb");
    if (!blob)
        return complain("the bundle is broken: %s: make it again with `sundew bundle`", cpio::describe(blob.error()));
    const auto manifest = bundle_manifest::read(*blob);
    if (!manifest && manifest.error().node.empty())
        return complain("manifest.dtb: %s: %s", manifest.error().what, again);
    if (!manifest)
        return complain("manifest.dtb: node '%.*s': key '%.*s': %s: %s", TEXT(manifest.error().node),
                        TEXT(manifest.error().property), manifest.error().what, again);
    return make_plans(*manifest, memory(), bytes(), devices, free_pages, others);
}

std::optional<elf::Program> Bundle::program(std::string_view name) {
    const auto file = cpio::find(bytes(), name);
    const auto program =
        file ? elf::read(*file, sdk::program_address, sdk::heap_address) : std::unexpected{elf::Error::Truncated};
    if (!program)
        return {};
    return *program;
}

void Bundle::reclaim(Memories& memories) {
    mapping_ = sdk::Mapping{};
    handle_ = sdk::Handle{};
    memories.ram().give(pages_);
    pages_ = {};
}
