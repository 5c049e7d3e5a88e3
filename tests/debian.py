# SPDX-License-Identifier: Apache-2.0
"""Debian in a machine: boot it, speak to its shell, end it."""
import os
import pathlib
import re
import signal
import subprocess
import time

import pexpect
from conftest import PLAIN, TOOL

PROMPT = "root@debian:[^#\n]*# "
TIMEOUT = 300


def cache():
    folder = os.environ.get("SUNDEW_CACHE")
    if not folder:
        folder = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "sundew"
    return pathlib.Path(folder) / "debian"


def copy_of_root(folder):
    """A root file system of one's own."""
    copy = folder / "root.ext4"
    subprocess.run(["cp", "--sparse=always", cache() / "root.ext4", copy], check=True)
    return copy


def manifest(disk="root.ext4", cpus=2, memory="512M", cmdline="earlycon=sbi console=hvc0 root=/dev/vda", **more):
    text = f'[[vm]]\nname = "debian"\nkind = "machine"\ncpus = {cpus}\nmemory = "{memory}"\nkernel = "debian:kernel"\n'
    text += f'initrd = "debian:initrd"\ncmdline = "{cmdline}"\n'
    if disk:
        text += f'disk = ["{disk}"]\n'
    for key, value in more.items():
        text += f"{key} = {value}\n"
    return text


class Terminal:
    """A program on a terminal, such as `sundew run`."""

    def __init__(self, words, folder, log="console.log"):
        self.log = folder / log
        self.child = pexpect.spawn(str(words[0]), [str(word) for word in words[1:]], timeout=TIMEOUT, encoding="utf8",
                                   codec_errors="replace", dimensions=(24, 200), cwd=folder)
        self.child.logfile_read = open(self.log, "w", encoding="utf8")

    def expect(self, pattern, timeout=TIMEOUT):
        try:
            return self.child.expect(pattern, timeout=timeout)
        except (pexpect.TIMEOUT, pexpect.EOF):
            print(self.text())
            raise AssertionError(f"the console never said {pattern!r}") from None

    def expect_initrd_shell(self):
        """busybox's shell, which throws away what was typed before it reads; a person is not that fast."""
        self.expect("the command line names no root=; here is a shell")
        self.expect("# ")
        time.sleep(2)

    def send(self, line):
        self.child.sendline(line)

    def run(self, command, prompt=PROMPT, timeout=TIMEOUT):
        """What a command writes, which must end well."""
        self.send(f"{command}; echo status=$?")
        self.expect(r"status=(\d+)\r+\n", timeout)
        output, status = self.child.before, int(self.child.match[1])
        self.expect(prompt)
        assert status == 0, f"{command}: status {status}\n{output}"
        return re.sub(r"\x1b\[\?2004[hl]", "", output).replace("\r", "").split("\n", 1)[-1]

    def text(self):
        """All that the console has said."""
        self.child.logfile_read.flush()
        return self.log.read_text(errors="replace")

    def kill(self):
        """Ends the program as a power failure would."""
        self.child.kill(signal.SIGKILL)
        self.child.expect(pexpect.EOF)
        self.child.close()

    def end(self, timeout=TIMEOUT):
        """Waits for the program's end; its exit status."""
        self.expect(pexpect.EOF, timeout)
        self.child.close()
        return self.child.exitstatus


def boot(host, text, cpu=PLAIN, harts=2, more=()):
    """Runs a manifest on the terminal of a person."""
    file = host.folder / "debian.toml"
    file.write_text(text)
    return Terminal([TOOL, "run", file, "--qemu", host.qemu, "--irqchip", host.irqchip, "--cpu", cpu, "--harts", harts, *more], host.folder)


def fsck(image):
    """The file system is whole, and was left clean."""
    done = subprocess.run(["/sbin/e2fsck", "-fn", image], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    print(done.stdout.decode())
    assert done.returncode == 0
    tune = subprocess.check_output(["/sbin/dumpe2fs", "-h", image], stderr=subprocess.DEVNULL, text=True)
    assert "needs_recovery" not in tune
