# SPDX-License-Identifier: Apache-2.0
"""Unmodified Debian in a machine."""
import gzip
import pathlib
import re
import subprocess

import pytest
from conftest import MODELS, PLAIN
from debian import PROMPT, boot, cache, copy_of_root, fsck, manifest


A_FEW = {"7": [(PLAIN, 2, "auto")], "10": [(PLAIN, 1, "auto"), (PLAIN, 2, "plic"), ("rva23s64", 4, "auto")]}


def pytest_generate_tests(metafunc):
    """With --rounds every model of harts with every number of vCPUs and both interrupt controllers; else some of each."""
    qemu = metafunc.config.getoption("--qemu")
    models = [each for each in MODELS[qemu] if each != "max"]
    if "cpus" in metafunc.fixturenames:
        every = [(cpu, cpus, irqchip) for cpu in models for cpus in (1, 2, 4) for irqchip in ("auto", "plic")]
        metafunc.parametrize("cpu, cpus, irqchip", every if metafunc.config.getoption("--rounds") > 1 else A_FEW[qemu])
    elif "cpu" in metafunc.fixturenames:
        metafunc.parametrize("cpu", models if metafunc.config.getoption("--rounds") > 1 else models[-1:])


def test_boots_to_a_shell_and_does_everything(host, cpu, cpus, irqchip):
    disk = copy_of_root(host.folder)
    terminal = boot(host, manifest(cpus=cpus, irqchip=f'"{irqchip}"'), cpu)
    terminal.expect(PROMPT)
    assert terminal.run("nproc").strip() == str(cpus)
    assert "exercise: all ok" in terminal.run("exercise")
    if cpu != "rv64,h=true":
        assert "rv64imafdcv" in terminal.run("grep isa /proc/cpuinfo")
    terminal.run("echo kept > /root/kept")
    terminal.send("poweroff")
    assert terminal.end() == 0
    fsck(disk)
    assert b"kept" in subprocess.check_output(["/sbin/debugfs", "-R", "cat /root/kept", disk], stderr=subprocess.DEVNULL)


FIRMWARE = ["SBI specification v3.0 detected", "SBI TIME extension detected", "SBI IPI extension detected", "SBI RFENCE extension detected",
            "SBI SRST extension detected", "SBI DBCN extension detected", "SBI HSM extension detected", "SBI SUSP extension detected",
            "riscv-pmu-sbi: SBI PMU extension is available", "riscv-pmu-sbi: 16 firmware and 2 hardware counters"]


@pytest.mark.long_on("7")
def test_finds_its_firmware_complete_counts_with_it_and_stops_and_starts_its_processors(host, cpu):
    program, disk = host.folder / "perf", copy_of_root(host.folder)
    subprocess.run(["clang-19", "--target=riscv64-linux-gnu", "-march=rv64gc", "-mabi=lp64d", "-O2", "-ffreestanding", "-nostdlib", "-static",
                    "-fuse-ld=lld-19", pathlib.Path(__file__).with_name("perf.c"), "-o", program], check=True)
    for command in (f"write {program} /root/perf", "sif /root/perf mode 0100755"):
        subprocess.run(["/sbin/debugfs", "-w", "-R", command, disk], check=True)
    # Under -icount a counter counts instructions; else QEMU's counts the host's time, and that of others on a busy one.
    terminal = boot(host, manifest(), cpu, harts=1, more=["--with=-icount", "--with=shift=0,sleep=off"])
    terminal.expect(PROMPT)
    log = terminal.run("dmesg")
    assert [line for line in FIRMWARE if line not in log] == []
    assert "egacy PMU" not in log and "WARNING" not in log and "riscv-pmu-sbi: failed" not in log
    for _ in range(3):  # HSM hart_stop and hart_start; its counters come back with it
        terminal.run("echo 0 > /sys/devices/system/cpu/cpu1/online && echo 1 > /sys/devices/system/cpu/cpu1/online")
        counts = dict(re.findall(r"^([a-z-]+) (-?\d+)$", terminal.run("taskset -c 1 /root/perf"), re.M))
        assert int(counts["cycles"]) > 1_000_000 and int(counts["waits"]) > 0 and int(counts["cache-misses"]) < 0
        # Those of the process, not of what the processor does while it sleeps.
        assert 1_000_000 < int(counts["instructions"]) <= int(counts["instructions-later"]) < 2 * int(counts["instructions"]) + 5_000_000
    assert "may not have stopped" not in terminal.run("dmesg")
    terminal.send("poweroff")
    assert terminal.end() == 0


@pytest.mark.long_on("7")
def test_has_job_control_on_the_console_and_reboots(host):
    copy_of_root(host.folder)
    terminal = boot(host, manifest())
    terminal.expect(PROMPT)
    sleep = "sh -c 'echo be\"\"gan; exec sleep 1000'"
    terminal.send(sleep)
    terminal.expect("began")
    terminal.child.sendintr()
    terminal.expect(PROMPT)
    terminal.send(sleep)
    terminal.expect("began")
    terminal.child.send("\x1a")
    terminal.expect("Stopped")
    terminal.expect(PROMPT)
    assert "sleep 1000" in terminal.run("jobs")
    terminal.run("echo before > /root/before")
    terminal.send("reboot")
    terminal.expect("Linux version")
    terminal.expect(PROMPT)
    assert terminal.run("cat /root/before").strip() == "before"
    terminal.send("poweroff")
    assert terminal.end() == 0


@pytest.mark.long_on("7")
def test_a_disk_in_ram_forgets_what_is_written_and_an_error_of_a_disk_is_an_i_o_error_in_the_guest(host):
    """The last disk has a sector that cannot be read and one that cannot be written; the guest goes on."""
    copy_of_root(host.folder)
    ram, bad, rules = host.folder / "ram.img", host.folder / "bad.img", host.folder / "rules"
    for image in (ram, bad):
        image.write_bytes(bytes(8 << 20))
    rules.write_text('[inject-error]\nevent = "read_aio"\nerrno = "5"\nsector = "2048"\n'
                     '[inject-error]\nevent = "write_aio"\nerrno = "5"\nsector = "4096"\n')
    text = manifest().replace('disk = ["root.ext4"]', 'disk = ["root.ext4", {file = "ram.img", ram = true, serial = "IN-RAM"}, '
                                                      '{file = "ram.img", ram = true, read_only = true}, "bad.img"]')
    # The same drive with QEMU's blkdebug in between.
    terminal = boot(host, text, more=["--with=-set", f"--with=drive.disk1.file=blkdebug:{rules}:{bad}"])
    terminal.expect(PROMPT)
    terminal.run("dmesg --console-level emerg")  # the disk's errors, which would come in between
    assert terminal.run("cat /sys/block/vdb/serial").strip() == "IN-RAM"
    terminal.run("mke2fs -q /dev/vdb && mount /dev/vdb /mnt && echo here > /mnt/file && umount /mnt && e2fsck -fn /dev/vdb")
    terminal.run("blkdiscard -f /dev/vdb && test $(tr -d '\\0' < /dev/vdb | wc -c) = 0")
    assert terminal.run("blockdev --getro /dev/vdc").strip() == "1"
    terminal.run("! dd if=/dev/zero of=/dev/vdc bs=512 count=1 2>/dev/null")
    read, write = "dd if=/dev/vdd of=/dev/null bs=4096 count=1 iflag=direct", "dd if=/dev/zero of=/dev/vdd bs=4096 count=1 oflag=direct"
    for good in [f"{read} skip=255", f"{read} skip=257", f"{write} seek=511", f"{write} seek=513"]:
        terminal.run(good)
    for broken in [f"{read} skip=256", f"{write} seek=512"]:
        assert "Input/output error" in terminal.run(f"! LC_ALL=C {broken}")
    for good in [f"{read} skip=0", f"{write} seek=0", "sync", "exercise"]:
        terminal.run(good)
    terminal.send("poweroff")
    assert terminal.end() == 0
    assert ram.read_bytes() == bytes(8 << 20)


def test_u_boot_comes_to_its_prompt_and_boots_the_same_kernel_from_the_disk(host):
    """From a file system on the disk: kernel and initrd, by booti."""
    disk = host.folder / "boot.ext4"
    folder = host.folder / "boot"
    folder.mkdir()
    for name in ("kernel", "initrd"):
        subprocess.run(["cp", cache() / name, folder / name], check=True)
    subprocess.run(["truncate", "-s", "128M", disk], check=True)
    subprocess.run(["/sbin/mke2fs", "-q", "-t", "ext4", "-d", folder, disk], check=True)
    text = '[[vm]]\nname = "u-boot"\nkind = "machine"\nkernel = "debian:u-boot"\ndisk = ["boot.ext4"]\n'
    terminal = boot(host, text)
    terminal.expect("Hit any key to stop autoboot")
    terminal.send("")
    prompt = "=> "
    terminal.expect(prompt)
    for command in ("virtio scan", "load virtio 0 ${kernel_addr_r} kernel", "load virtio 0 ${ramdisk_addr_r} initrd",
                    'setenv bootargs "earlycon console=ttyS0"'):
        terminal.send(command)
        terminal.expect(prompt)
    terminal.send("booti ${kernel_addr_r} ${ramdisk_addr_r}:${filesize} ${fdtcontroladdr}")
    terminal.expect("Linux version 6.12")
    terminal.expect_initrd_shell()
    terminal.send("busybox poweroff -f")
    assert terminal.end() == 0


@pytest.mark.long_on("7")
def test_the_installer_comes_to_its_first_screen(host):
    text = manifest(disk=None, cpus=1, memory="1G", cmdline="earlycon=sbi console=ttyS0").replace(
        "debian:kernel", "debian:installer-kernel").replace("debian:initrd", "debian:installer-initrd")
    terminal = boot(host, text)
    terminal.expect("Select a language")
    terminal.kill()


@pytest.mark.long_on("7")
@pytest.mark.parametrize("packed", [pytest.param("gzip", marks=pytest.mark.long_on("10")), "zstd"])
def test_a_compressed_kernel_boots_to_its_initrd(host, packed):
    content = (cache() / "kernel").read_bytes()
    if packed == "gzip":
        (host.folder / "kernel").write_bytes(gzip.compress(content, 1))
    else:
        subprocess.run(["zstd", "-q", "-1", cache() / "kernel", "-o", host.folder / "kernel"], check=True)
    text = manifest(disk=None, cpus=1, cmdline="earlycon console=hvc0").replace("debian:kernel", "kernel")
    terminal = boot(host, text)
    terminal.expect_initrd_shell()
    terminal.send("busybox poweroff -f")
    assert terminal.end() == 0
