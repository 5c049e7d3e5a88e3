# SPDX-License-Identifier: Apache-2.0
"""No guest and no monitor can make the nucleus panic, so this is done from outside, through QEMU's debugger port."""
import re
import socket
import subprocess
import time

from conftest import TARGET, TOOL, guest


class Debugger:
    """As much of GDB's remote protocol as it takes to move a hart's pc."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(60)
        self.socket.connect(str(path))
        self.received = b""
        self.ask("?")
        time.sleep(1)  # some versions tell of the stop at the connection, too: whatever came is of no interest
        self.received = b""
        self.socket.setblocking(False)
        try:
            self.socket.recv(4096)
        except BlockingIOError:
            pass
        self.socket.settimeout(60)

    def ask(self, text, answer=True):
        """Sends a packet and returns the answer to it; a stop is what answers `c`."""
        self.socket.sendall(f"${text}#{sum(text.encode()) % 256:02x}".encode())
        while answer:
            found = re.search(rb"\$([^#]*)#..", self.received)
            if found:
                self.received = self.received[found.end():]
                self.socket.sendall(b"+")
                print(text, "->", found[1].decode()[:60])
                return found[1].decode()
            self.received += self.socket.recv(4096)
        return None


def address_of(function):
    symbols = subprocess.check_output(["llvm-nm-19", "-C", TARGET / "nucleus/nucleus"], text=True)
    return int(re.search(rf"^(\w+) \w {re.escape(function)}$", symbols, re.M)[1], 16)


def test_a_fault_in_the_nucleus_is_told_with_all_registers(host, qemu):
    port = host.folder / "gdb"
    words = [TOOL, "run", host.manifest(guest("spin", name="one"), guest("spin", name="two")), "--qemu", qemu, "--harts", "1",
             "--with=-chardev", f"--with=socket,path={port},server=on,wait=off,id=gdb", "--with=-gdb", "--with=chardev:gdb"]
    console = host.folder / "console"
    with console.open("wb") as output:
        machine = subprocess.Popen([str(word) for word in words], stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
    try:
        until = time.monotonic() + 120
        while console.read_bytes().count(b"spinning") < 2:
            assert time.monotonic() < until and machine.poll() is None
            time.sleep(0.1)
        debugger = Debugger(port)
        debugger.ask("qXfer:features:read:target.xml:0,1000")  # else QEMU lets no single register be written
        assert debugger.ask(f"Z1,{address_of('settle(Hart&)'):x},4") == "OK"  # where a hart comes at the end of a time slice
        debugger.ask("c")
        assert debugger.ask(f"z1,{address_of('settle(Hart&)'):x},4") == "OK"
        assert debugger.ask("P20=" + (0xffffffffdead0000).to_bytes(8, "little").hex()) == "OK"
        debugger.ask("c", answer=False)
        machine.wait(timeout=120)
    finally:
        machine.kill()
        text = console.read_text(errors="replace").replace("\r\n", "\n")
        print(text)
    found = re.search(r"nucleus: panic: trap in the nucleus\nnucleus: hart 0{16} cause 0{15}c pc ffffffffdead0000 tval ffffffffdead0000\n", text)
    assert found
    registers = re.findall(r"x(\d\d) ([0-9a-f]{16})", text[found.end():])
    assert [int(number) for number, _ in registers] == list(range(32))
