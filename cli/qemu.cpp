// SPDX-License-Identifier: Apache-2.0
#include "cli/qemu.hpp"

#include <stdexcept>

#include <fmt/format.h>

#include "base/control.hpp"
#include "cli/cache.hpp"

namespace qemu {

namespace {

namespace fs = std::filesystem;

/// A QEMU that was unpacked with all libraries that it needs, from another Debian than this machine's: it runs by its
/// own dynamic loader.
std::vector<std::string> unpacked(const fs::path& root) {
    const fs::path program = root / "usr/bin/qemu-system-riscv64";
    if (!fs::exists(program))
        return {};
    for (const fs::directory_entry& folder : fs::directory_iterator{root / "usr/lib"}) {
        const fs::path libraries = folder.path();
        for (const char* name : {"ld-linux-x86-64.so.2", "ld-linux-aarch64.so.1", "ld-linux-riscv64-lp64d.so.1"}) {
            fs::path loader = libraries / name, old = root / "lib" / libraries.filename();
            if (!fs::exists(loader))
                loader = old / name;
            if (fs::exists(loader))
                return {"env",
                        fmt::format("QEMU_MODULE_DIR={}", (libraries / "qemu").string()),
                        loader.string(),
                        "--library-path",
                        fmt::format("{}:{}", libraries.string(), old.string()),
                        program.string(),
                        "-L",
                        (root / "usr/share/qemu").string()};
        }
    }
    return {};
}

/// A path as a part of one of QEMU's options, which wants commas doubled.
std::string option(const fs::path& path) {
    std::string text = path.string();
    for (std::size_t at = 0; (at = text.find(',', at)) != text.npos; at += 2)
        text.insert(at, ",");
    return text;
}

std::vector<std::string> find(const std::string& which) {
    if (which.empty())
        return {"qemu-system-riscv64"};
    if (which.find('/') != std::string::npos)
        return {which};
    auto found = unpacked(cache_folder() / ("qemu-" + which));
    if (found.empty() && fs::exists(cache_folder() / fmt::format("qemu-{}-is-installed", which)))
        return {"qemu-system-riscv64"};
    if (found.empty())
        throw std::runtime_error{
            fmt::format("QEMU {} is neither installed nor fetched: run ./sundew test once, or name a path", which)};
    return found;
}

}

std::string drive_device(std::size_t number) {
    return fmt::format("virtio_mmio@{:x}", 0x1000'1000 + number * 0x1000);
}

std::vector<std::string> command(const Machine& machine) {
    std::vector<std::string> words = find(machine.qemu);
    const std::vector<std::string> rest{"-M",
                                        machine.irqchip == "aia" ? "virt,aia=aplic-imsic,aia-guests=7" : "virt",
                                        "-cpu",
                                        machine.cpu,
                                        "-smp",
                                        std::to_string(machine.harts),
                                        "-m",
                                        fmt::format("{}K", machine.memory >> 10),
                                        "-display",
                                        "none",
                                        "-serial",
                                        machine.serial,
                                        "-no-reboot",
                                        "-kernel",
                                        machine.nucleus.string()};
    words.insert(words.end(), rest.begin(), rest.end());
    if (!machine.bundle.empty())
        words.insert(words.end(), {"-initrd", machine.bundle.string()});
    if (!machine.drives.empty() || !machine.control.empty())
        words.insert(words.end(), {"-global", "virtio-mmio.force-legacy=false"});
    for (std::size_t i = 0; i < machine.drives.size(); ++i) {
        const Drive& drive = machine.drives[i];
        words.insert(words.end(),
                     {"-drive",
                      fmt::format("file={},format=raw,if=none,id=disk{}{}{}", option(drive.file), i,
                                  drive.read_only ? ",readonly=on" : "",
                                  drive.requests_per_second != 0
                                      ? fmt::format(",throttling.iops-total={}", drive.requests_per_second)
                                      : ""),
                      "-device", fmt::format("virtio-blk-device,drive=disk{0},bus=virtio-mmio-bus.{0}", i)});
    }
    if (!machine.control.empty())
        words.insert(words.end(),
                     {"-chardev", fmt::format("socket,id=control,path={},server=on,wait=off", option(machine.control)),
                      "-device", fmt::format("virtio-serial-device,bus=virtio-mmio-bus.{}", drive_limit), "-device",
                      fmt::format("virtserialport,chardev=control,name={}", control::port_name)});
    words.insert(words.end(), machine.more.begin(), machine.more.end());
    return words;
}

}
