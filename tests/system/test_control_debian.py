# SPDX-License-Identifier: Apache-2.0
"""Debian under control of the tool: it is asked to end, and ends cleanly; it stands still and goes on."""
import subprocess

from conftest import TOOL
from debian import PROMPT, Terminal, copy_of_root, fsck, manifest


def test_debian_is_asked_to_stop_and_leaves_its_disk_clean_and_can_be_paused(host):
    disk = copy_of_root(host.folder)
    (host.folder / "debian.toml").write_text(manifest(cpus=2, memory="256M"))
    socket = host.folder / "control"
    terminal = Terminal([TOOL, "run", host.folder / "debian.toml", "--qemu", host.qemu, "--control", socket], host.folder)
    terminal.expect(PROMPT)

    def tool(*words):
        done = subprocess.run([TOOL, *words, "--control", socket], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300)
        print(words, done.returncode, done.stdout.decode())
        assert done.returncode == 0
        return done.stdout.decode()
    terminal.run("echo kept > /root/kept")
    tool("pause", "debian")
    assert "paused" in tool("ps")
    terminal.send("cat /root/kept")
    tool("resume", "debian")
    terminal.expect("kept\r")
    terminal.expect(PROMPT)
    terminal.run("true")  # both processors still do what they should
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
