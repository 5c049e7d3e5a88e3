# SPDX-License-Identifier: Apache-2.0
"""Unmodified Debian in a machine."""
import gzip
import subprocess

import pytest
from conftest import MODELS, TOOL
from debian import PROMPT, Terminal, cache, copy_of_root, fsck, manifest


def pytest_generate_tests(metafunc):
    if "cpu" in metafunc.fixturenames:
        metafunc.parametrize("cpu", [each for each in MODELS[metafunc.config.getoption("--qemu")] if each != "max"])


@pytest.fixture(scope="module", autouse=True)
def artefacts():
    subprocess.run([TOOL, "fetch", "kernel", "initrd", "root.ext4", "u-boot", "installer-kernel", "installer-initrd"], check=True)


def start(host, text, cpu="rv64,h=true", harts=2, more=()):
    (host.folder / "debian.toml").write_text(text)
    return Terminal([TOOL, "run", host.folder / "debian.toml", "--qemu", host.qemu, "--cpu", cpu, "--harts", harts, *more], host.folder)


@pytest.mark.parametrize("cpus", [1, 2, 4])
def test_boots_to_a_shell_and_does_everything(host, cpu, cpus):
    disk = copy_of_root(host.folder)
    terminal = start(host, manifest(cpus=cpus), cpu)
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


def test_job_control_works_on_the_console(host):
    copy_of_root(host.folder)
    terminal = start(host, manifest())
    terminal.expect(PROMPT)
    terminal.send("sleep 1000")
    terminal.child.sendintr()
    terminal.expect(PROMPT)
    terminal.send("sleep 1000")
    terminal.child.send("\x1a")
    terminal.expect("Stopped")
    terminal.expect(PROMPT)
    assert "sleep 1000" in terminal.run("jobs")
    terminal.send("poweroff")
    assert terminal.end() == 0


def test_reboots(host):
    copy_of_root(host.folder)
    terminal = start(host, manifest())
    terminal.expect(PROMPT)
    terminal.run("echo before > /root/before")
    terminal.send("reboot")
    terminal.expect("Linux version")
    terminal.expect(PROMPT)
    assert terminal.run("cat /root/before").strip() == "before"
    terminal.send("poweroff")
    assert terminal.end() == 0


def test_boots_with_the_serial_port_as_its_console(host):
    copy_of_root(host.folder)
    terminal = start(host, manifest(cmdline="console=ttyS0 root=/dev/vda", console='"uart"'))
    terminal.expect(PROMPT)
    assert terminal.run("cat /sys/class/tty/console/active").strip() == "ttyS0"
    terminal.send("poweroff")
    assert terminal.end() == 0


def test_a_disk_in_ram_takes_what_is_written_and_forgets_it(host):
    disk = host.folder / "ram.img"
    disk.write_bytes(bytes(8 << 20))
    copy_of_root(host.folder)
    text = manifest().replace('disk = ["root.ext4"]', 'disk = ["root.ext4", {file = "ram.img", ram = true, serial = "IN-RAM"}, '
                                                      '{file = "ram.img", ram = true, read_only = true}]')
    terminal = start(host, text)
    terminal.expect(PROMPT)
    assert terminal.run("cat /sys/block/vdb/serial").strip() == "IN-RAM"
    terminal.run("mke2fs -q /dev/vdb && mount /dev/vdb /mnt && echo here > /mnt/file && umount /mnt && e2fsck -fn /dev/vdb")
    terminal.run("blkdiscard /dev/vdb && cmp -n 8388608 /dev/vdb /dev/zero")
    assert terminal.run("blockdev --getro /dev/vdc").strip() == "1"
    terminal.run("! dd if=/dev/zero of=/dev/vdc bs=512 count=1 2>/dev/null")
    terminal.send("poweroff")
    assert terminal.end() == 0
    assert disk.read_bytes() == bytes(8 << 20)


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
    terminal = start(host, text)
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
    terminal.expect("the command line names no root=; here is a shell")
    terminal.expect("# ")
    terminal.send("busybox poweroff -f")
    assert terminal.end() == 0


def test_the_installer_comes_to_its_first_screen(host):
    text = manifest(disk=None, cpus=1, memory="1G", cmdline="console=hvc0 earlycon TERM=vt100").replace(
        "debian:kernel", "debian:installer-kernel").replace("debian:initrd", "debian:installer-initrd")
    terminal = start(host, text.replace("console=hvc0", "console=ttyS0"))
    terminal.expect("Select a language|Choose language|Low memory|Starting system log daemon")
    terminal.expect("language|Low memory")
    terminal.child.close(force=True)


@pytest.mark.parametrize("packed", ["gzip", "zstd"])
def test_a_compressed_kernel_boots_to_its_initrd(host, packed):
    content = (cache() / "kernel").read_bytes()
    if packed == "gzip":
        (host.folder / "kernel").write_bytes(gzip.compress(content, 1))
    else:
        subprocess.run(["zstd", "-q", "-1", cache() / "kernel", "-o", host.folder / "kernel"], check=True)
    text = manifest(disk=None, cpus=1, cmdline="earlycon console=hvc0").replace("debian:kernel", "kernel")
    terminal = start(host, text)
    terminal.expect("the command line names no root=; here is a shell")
    terminal.expect("# ")
    terminal.send("busybox poweroff -f")
    assert terminal.end() == 0


def test_an_error_of_the_disk_is_an_i_o_error_in_the_guest(host):
    """A second disk with a sector that cannot be read and one that cannot be written; the guest goes on."""
    copy_of_root(host.folder)
    bad, rules = host.folder / "bad.img", host.folder / "rules"
    bad.write_bytes(bytes(8 << 20))
    rules.write_text('[inject-error]\nevent = "read_aio"\nerrno = "5"\nsector = "2048"\n'
                     '[inject-error]\nevent = "write_aio"\nerrno = "5"\nsector = "4096"\n')
    text = manifest().replace('disk = ["root.ext4"]', 'disk = ["root.ext4", "bad.img"]')
    # The same drive with QEMU's blkdebug in between.
    terminal = start(host, text, more=["--with=-set", f"--with=drive.disk1.file=blkdebug:{rules}:{bad}"])
    terminal.expect(PROMPT)
    read, write = "dd if=/dev/vdb of=/dev/null bs=4096 count=1 iflag=direct", "dd if=/dev/zero of=/dev/vdb bs=4096 count=1 oflag=direct"
    for good in [f"{read} skip=255", f"{read} skip=257", f"{write} seek=511", f"{write} seek=513"]:
        terminal.run(good)
    for broken in [f"{read} skip=256", f"{write} seek=512"]:
        assert "Input/output error" in terminal.run(f"! LC_ALL=C {broken}")
    for good in [f"{read} skip=0", f"{write} seek=0", "sync", "exercise"]:
        terminal.run(good)
    terminal.send("poweroff")
    assert terminal.end() == 0
