# SPDX-License-Identifier: Apache-2.0
"""Debian under control of the tool: it is asked to end, and ends cleanly; it stands still and goes on."""
import json
import subprocess
import time

import pytest
from conftest import TOOL
from debian import PROMPT, Terminal, copy_of_root, fsck, manifest


def tool_for(socket):
    def tool(*words):
        done = subprocess.run([TOOL, *words, "--control", socket], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300)
        print(words, done.returncode, done.stdout.decode())
        assert done.returncode == 0
        return done.stdout.decode()
    return tool


def start(host, **keys):
    (host.folder / "debian.toml").write_text(manifest(**keys))
    socket = host.folder / "control"
    return Terminal([TOOL, "run", host.folder / "debian.toml", "--qemu", host.qemu, "--control", socket], host.folder), socket


def test_debian_is_asked_to_stop_and_leaves_its_disk_clean_and_can_be_paused(host):
    disk = copy_of_root(host.folder)
    terminal, socket = start(host, cpus=2, memory="256M")
    terminal.expect(PROMPT)
    tool = tool_for(socket)
    terminal.run("echo kept > /root/kept")
    before = json.loads(tool("stats", "debian", "--json"))
    assert before["disks"]["reads"] > 100 and before["disks"]["read"] > 4 << 20 and sum(each["interrupts"] for each in before["vcpus"]) > 100
    terminal.run("dd if=/dev/zero of=/root/zeros bs=1M count=8 oflag=direct,dsync")
    after = json.loads(tool("stats", "debian", "--json"))
    assert after["disks"]["written"] - before["disks"]["written"] >= 8 << 20
    assert after["disks"]["writes"] > before["disks"]["writes"] and after["disks"]["other_requests"] > before["disks"]["other_requests"]
    assert after["reported"] > 0 and after["returned"] == 0  # free pages, as Linux tells of them
    tool("pause", "debian")
    assert "paused" in tool("ps")
    terminal.send("cat /root/kept")
    tool("resume", "debian")
    terminal.expect("kept\r")
    terminal.expect(PROMPT)
    terminal.run("true")  # both processors still do what they should
    terminal.run("dmesg --console-level warn")  # which the end of a stop is
    tool("stop", "debian")
    assert "off" in tool("ps") and "Emergency Remount complete" in tool("logs", "debian")
    fsck(disk)
    assert b"kept" in subprocess.check_output(["/sbin/debugfs", "-R", "cat /root/kept", disk], stderr=subprocess.DEVNULL)
    tool("start", "debian")
    terminal.expect(PROMPT)
    assert terminal.run("cat /root/kept").strip() == "kept"
    tool("stop", "debian")
    tool("shutdown")
    assert terminal.end() == 0
    fsck(disk)


@pytest.mark.long_on("7")
def test_debian_on_its_serial_port_is_asked_to_stop_too(host):
    disk = copy_of_root(host.folder)
    terminal, socket = start(host, cpus=1, memory="256M", cmdline="console=ttyS0 root=/dev/vda", console='"uart"')
    terminal.expect(PROMPT)
    assert terminal.run("cat /sys/class/tty/console/active").strip() == "ttyS0"
    tool = tool_for(socket)
    terminal.run("echo kept > /root/kept")
    terminal.run("dmesg --console-level warn")  # which the end of a stop is
    tool("stop", "debian", "--timeout", "120")
    assert "off" in tool("ps") and "Emergency Remount complete" in tool("logs", "debian")
    fsck(disk)
    tool("shutdown")
    assert terminal.end() == 0


@pytest.mark.long_on("7")
def test_the_size_of_the_tool_s_terminal_is_the_guest_s(host):
    copy_of_root(host.folder)
    run, socket = start(host, cpus=1, memory="256M")
    run.expect(PROMPT)
    console = Terminal([TOOL, "console", "debian", "--control", socket], host.folder, log="attached.log")
    console.expect("Attached to 'debian'")

    def sized(rows, columns):
        """Linux hears of it in its own time."""
        deadline = time.monotonic() + 120
        while console.run("stty size").strip() != f"{rows} {columns}":
            assert time.monotonic() < deadline, console.text()
    console.send("")
    console.expect(PROMPT)
    sized(24, 200)
    console.child.setwinsize(40, 120)
    sized(40, 120)
    console.child.send("\x1d")
    assert console.end() == 0
    run.send("echo all' 'before")
    run.expect("all before")  # of what the console said until now
    run.expect(PROMPT)
    tool = tool_for(socket)
    tool("restart", "debian", "--force", "--timeout", "0")
    run.expect(PROMPT)
    assert run.run("stty size").strip() == "40 120"  # the next monitor is told as well
    tool("shutdown", "--force", "--timeout", "0")
    assert run.end() == 0
