# SPDX-License-Identifier: Apache-2.0
"""What a machine boots from is looked at before QEMU starts: one line that names file, line and column, and the remedy."""
import gzip
import os
import struct

import pytest
from conftest import TARGET

GUEST = TARGET / "images/hello-guest"


def riscv_image(memory=1 << 20, size=1 << 20, flags=0):
    """A RISC-V Image that is nothing but its header and zeroes."""
    header = struct.pack("<8xQQQI12x8s4s4x", 0x200000, memory, flags, 2, b"RISCV\0\0\0", b"RSC\x05")
    assert len(header) == 64
    return header + bytes(size - 64)


def elf(machine=243, bits=2, endian=1, kind=2, physical=0x80200000, size=4096, there=4096):
    order = "<" if endian == 1 else ">"
    ident = b"\x7fELF" + bytes([bits, endian, 1]) + bytes(9)
    header = ident + struct.pack(order + "HHIQQQIHHHHHH", kind, machine, 1, physical, 64, 0, 0, 64, 56, 1, 0, 0, 0)
    segment = struct.pack(order + "IIQQQQQQ", 1, 5, 120, physical, physical, size, size, 4096)
    return header + segment + bytes(there)


def manifest(host, *keys, name="machine", append=""):
    """One machine with these lines from its fourth on; its file."""
    file = host.folder / "manifest.toml"
    file.write_text(f'[[vm]]\nname = "{name}"\nkind = "machine"\n' + "".join(f"{key}\n" for key in keys) + append)
    return file


def refused(host, file, place, complaint):
    """By both verbs, with one line and status 1, and nothing has started."""
    for verb in ["check", "run"]:
        result = host.tool(verb, file)
        assert result.status == 1
        assert result.console.count("\n") == 1, "one mistake, one line"
        assert result.console.startswith(f"{file}:{place}: ") and complaint in result.console


def test_a_machine_without_a_kernel(host):
    refused(host, manifest(host), "1:1", "a machine needs the key 'kernel': name a kernel's file, or \"debian:kernel\"")


BZIMAGE = bytes(0x202) + b"HdrS" + bytes(4096)
ARM64 = bytes(56) + b"ARM\x64" + bytes(4096)
KERNELS = {
    "empty": (b"", "is empty: name a kernel"),
    "x86": (BZIMAGE, "is a kernel for x86: name one for 64-bit RISC-V"),
    "x86-in-gzip": (gzip.compress(BZIMAGE), "is a kernel for x86: name one for 64-bit RISC-V"),
    "arm64": (ARM64, "is a kernel for arm64: name one for 64-bit RISC-V"),
    "big-endian": (riscv_image(flags=1), "is a big-endian kernel: name a little-endian one"),
    "elf-x86": (elf(machine=62), "is a program for x86-64: name a kernel for 64-bit RISC-V"),
    "elf-32-bit": (elf(bits=1), "is a program for 32-bit RISC-V: name a kernel for 64-bit RISC-V"),
    "elf-big-endian": (elf(endian=2), "is a program for a big-endian machine: name a kernel for 64-bit RISC-V"),
    "elf-object": (elf(kind=1), "is an ELF file that is not linked: name a kernel"),
    "elf-elsewhere": (elf(physical=0x1000), "is an ELF file with a segment at 0x1000: link it for RAM"),
    "image-truncated": (riscv_image(memory=16 << 20), "is truncated: 1048576 of at least 8388608 bytes are there: get it again"),
    "elf-truncated": (elf(there=100), "is an ELF file that is truncated: get it again"),
    "gzip-truncated": (gzip.compress(os.urandom(5000))[:-100], "is a gzip file that is truncated or damaged: get it again"),
    "zstd-truncated": (b"\x28\xb5\x2f\xfd\x20\x40\x01\x02\x00" + bytes(10), "is a zstd file that is truncated or damaged: get it again"),
    "xz": (b"\xfd7zXZ\0" + bytes(100), "is compressed with xz: decompress it first"),
    "initrd": (b"070701" + bytes(100), "is an initrd: name a kernel here, and this with the key 'initrd'"),
}


@pytest.mark.parametrize("which", KERNELS)
def test_a_kernel_that_is_none(host, which):
    content, complaint = KERNELS[which]
    (host.folder / "kernel").write_bytes(content)
    refused(host, manifest(host, 'kernel = "kernel"'), "4:10", f"key 'kernel': '{host.folder}/kernel' {complaint}")


def test_a_kernel_that_is_not_there_or_no_file(host):
    refused(host, manifest(host, 'kernel = "nothing"'), "4:10", "nothing' does not exist: name the file of a kernel")
    refused(host, manifest(host, 'kernel = "."'), "4:10", "is no file: name the file of a kernel")
    refused(host, manifest(host, 'kernel = ""'), "4:10", "write the path of a kernel, or debian:NAME")


def test_a_machine_whose_ram_is_too_small(host):
    (host.folder / "kernel").write_bytes(riscv_image(memory=40 << 20, size=20 << 20))
    (host.folder / "initrd").write_bytes(bytes(30 << 20))
    kernel, initrd = 'kernel = "kernel"', 'initrd = "initrd"'
    refused(host, manifest(host, kernel, 'memory = "4M"'), "5:10", "key 'memory': 4 MiB are too few, or not a multiple of 2 MiB")
    refused(host, manifest(host, kernel, 'memory = "33M"'), "5:10", "key 'memory': 33 MiB are too few, or not a multiple of 2 MiB")
    refused(host, manifest(host, kernel, 'memory = "32M"'), "5:10",
            "key 'memory': the kernel (RISC-V Image) wants 41 MiB of RAM from 0x80200000 on")
    refused(host, manifest(host, kernel, 'memory = "64M"', initrd), "5:10",
            "the initrd's 31 MiB do not fit beside the kernel into 64 MiB: give the machine more")
    assert host.tool("check", manifest(host, kernel, 'memory = "128M"', initrd)).status == 0


def test_an_initrd_that_is_none(host):
    kernel = f'kernel = "{GUEST}"'
    (host.folder / "empty").write_bytes(b"")
    refused(host, manifest(host, kernel, 'initrd = "empty"'), "5:10", "empty' is empty: name an initrd, or leave the key away")
    refused(host, manifest(host, kernel, 'initrd = "nothing"'), "5:10", "nothing' does not exist: name the file of an initrd")
    refused(host, manifest(host, kernel, 'initrd = "."'), "5:10", "is no file")


@pytest.mark.parametrize("content, complaint", [
    (b"", "disk' has 0 bytes, which is not a multiple of 512 and more than 0: make it so with truncate"),
    (bytes(1000), "disk' has 1000 bytes, which is not a multiple of 512"),
    (b"QFI\xfb" + bytes(508), "disk' is a qcow2 image: make it raw with qemu-img convert -O raw"),
    (b"QFI\xfb" + bytes(500), "disk' is a qcow2 image: make it raw with qemu-img convert -O raw"),
])
def test_a_disk_that_is_none(host, content, complaint):
    (host.folder / "disk").write_bytes(content)
    for disk in ['"disk"', '{file = "disk", ram = true}']:
        refused(host, manifest(host, f'kernel = "{GUEST}"', f"disk = [{disk}]"), "5:8", complaint)


def test_a_disk_that_is_not_there_or_a_folder_or_not_a_disk_at_all(host):
    kernel = f'kernel = "{GUEST}"'
    refused(host, manifest(host, kernel, 'disk = ["nothing"]'), "5:8", "nothing' does not exist: name the file of a disk")
    refused(host, manifest(host, kernel, 'disk = ["."]'), "5:8", "is no file: name the file of a disk")
    refused(host, manifest(host, kernel, "disk = [5]"), "5:8", "write the path of a disk")
    refused(host, manifest(host, kernel, 'disk = "disk"'), "5:8", "write a list of at most 4 disks")
    refused(host, manifest(host, kernel, "disk = [{ram = true}]"), "5:8", "a disk's table needs the key file")
    refused(host, manifest(host, kernel, f'disk = [{{file = "{GUEST}", cache = true}}]'), "5:8",
            "'cache' in a disk: write ram or read_only")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read and write everything")
def test_a_file_without_permissions(host):
    (host.folder / "disk").write_bytes(bytes(512))
    (host.folder / "disk").chmod(0o400)
    refused(host, manifest(host, f'kernel = "{GUEST}"', 'disk = ["disk"]'), "5:8",
            "cannot be written: check its permissions, or say read_only = true")
    (host.folder / "disk").chmod(0)
    refused(host, manifest(host, f'kernel = "{GUEST}"', 'disk = ["disk"]'), "5:8", "cannot be read: check its permissions")


def test_a_disk_that_is_named_twice(host):
    (host.folder / "disk").write_bytes(bytes(512))
    (host.folder / "link").symlink_to("disk")
    kernel = f'kernel = "{GUEST}"'
    other = f'[[vm]]\nname = "other"\nkind = "machine"\n{kernel}\n'
    twice = "is named twice: make a copy of it, or say read_only = true or ram = true in both places"
    refused(host, manifest(host, kernel, 'disk = ["disk"]', append=other + 'disk = ["link"]\n'), "10:8", twice)
    refused(host, manifest(host, kernel, 'disk = ["disk", "disk"]'), "5:8", twice)
    refused(host, manifest(host, kernel, 'disk = ["disk", {file = "disk", read_only = true}]'), "5:8", twice)
    both = 'disk = [{file = "disk", read_only = true}]'
    assert host.tool("check", manifest(host, kernel, both, append=other + both + "\n")).status == 0
    assert host.tool("check", manifest(host, kernel, 'disk = ["disk", {file = "disk", ram = true}]')).status == 0


def test_more_disks_than_the_host_has_room_for(host):
    text = ""
    for machine in range(3):
        names = [f"disk{machine}{number}" for number in range(3)]
        for name in names:
            (host.folder / name).write_bytes(bytes(512))
        listed = ", ".join(f'"{name}"' for name in names)
        text += f'[[vm]]\nname = "m{machine}"\nkind = "machine"\nkernel = "{GUEST}"\ndisk = [{listed}]\n'
    file = host.folder / "manifest.toml"
    file.write_text(text)
    refused(host, file, "15:8", "there are 9 disks that are not in RAM, but the host has room for 7")


# Bundles made by hand: what the tool would have refused is refused on the target, in one line.

def bundle(host, *keys):
    file = host.folder / "bundle.cpio"
    assert host.tool("bundle", manifest(host, *keys), "-o", file).status == 0
    return file


def number(value):
    """A property of 8 bytes, as a device tree's values lie in a bundle."""
    return struct.pack(">Q", value)


@pytest.mark.parametrize("before, after, complaint", [
    (0x80200000, 0x1000, "kernel and initrd do not fit into the guest's RAM: give the machine more 'memory'"),
    (0x80200000, 0xffffffffffffffff, "kernel and initrd do not fit into the guest's RAM: give the machine more 'memory'"),
    (18 << 20, 2 << 20, "kernel and initrd do not fit into the guest's RAM: give the machine more 'memory'"),
])
def test_a_bundle_whose_kernel_does_not_lie_in_the_ram(host, before, after, complaint):
    file = bundle(host, f'kernel = "{GUEST}"', 'memory = "18M"')
    good = file.read_bytes()
    assert number(before) in good
    file.write_bytes(good.replace(number(before), number(after), 1))
    result = host.boot(["--bundle", file])
    lines = result.after_firmware().strip().splitlines()
    assert [line for line in lines if complaint in line], "the monitor says what is wrong"
    assert len(lines) <= 3 and result.status != 0


def test_a_bundle_without_the_kernel_that_it_names(host):
    file = bundle(host, f'kernel = "{GUEST}"')
    good = file.read_bytes()
    file.write_bytes(good.replace(b"kernels/hello-guest\0", b"kernels/hello-gueXt\0", 1))
    result = host.boot(["--bundle", file])
    lines = result.after_firmware().strip().splitlines()
    assert len(lines) == 1 and "machine 'machine': key 'kernel': 'kernels/hello-gueXt'" in lines[0] and result.status != 0
