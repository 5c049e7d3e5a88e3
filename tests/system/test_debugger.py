# SPDX-License-Identifier: Apache-2.0
"""GDB at a running machine: the real one, and the guest of debuggee.S."""
import json
import os
import re
import shutil
import subprocess
import tempfile
import time

import pexpect
import pytest
from conftest import MODELS, PLAIN, TARGET, TOOL

GUEST = TARGET / "images/test-debuggee.elf"
TIMEOUT = 300
MANIFEST = f'[[vm]]\nname = "debuggee"\nkind = "machine"\nkernel = "{GUEST}"\ncpus = 2\nmemory = "32M"\n'


def pytest_generate_tests(metafunc):
    """With --rounds every model of harts; else a plain one where that will do."""
    if "cpu" in metafunc.fixturenames:
        every = [each for each in MODELS[metafunc.config.getoption("--qemu")] if each != "max"]
        any_will_do = metafunc.config.getoption("--rounds") == 1 and "vector" not in metafunc.function.__name__
        metafunc.parametrize("cpu", [PLAIN] if any_will_do else every)


class Machine:
    """A machine that runs, and a socket at which `sundew gdb` waits for debuggers."""

    def __init__(self, host, cpu):
        self.folder, self.socket = host.folder, "debug.sock"  # the paths of sockets are short
        self.control = os.path.join(tempfile.mkdtemp(prefix="sundew-"), "c")
        (host.folder / "machine.toml").write_text(MANIFEST)
        words = [str(TOOL), "run", "machine.toml", "--qemu", host.qemu, "--cpu", cpu, "--control", self.control]
        self.console = open(host.folder / "console.log", "wb")
        self.process = subprocess.Popen(words, cwd=host.folder, stdin=subprocess.DEVNULL, stdout=self.console, stderr=subprocess.STDOUT)
        self.bridge = None
        deadline = time.monotonic() + TIMEOUT
        while self.tool("ps").returncode != 0:
            assert time.monotonic() < deadline and self.process.poll() is None, self.log()
            time.sleep(0.2)
        self.listen()

    def tool(self, *words, timeout=TIMEOUT):
        return subprocess.run([str(TOOL), *words, "--control", self.control], cwd=self.folder, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=timeout)

    def listen(self):
        self.bridge = subprocess.Popen([str(TOOL), "gdb", "debuggee", "--listen", self.socket, "--control", self.control], cwd=self.folder,
                                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        line = self.bridge.stdout.readline()
        assert line == f"target remote {self.socket}\n", self.log()

    def cut(self):
        """The connection breaks in the middle."""
        self.bridge.kill()
        self.bridge.wait()
        (self.folder / self.socket).unlink()

    def log(self):
        return (self.folder / "console.log").read_text(errors="replace")

    def end(self):
        try:
            status = self.process.wait(TIMEOUT)
        except subprocess.TimeoutExpired:
            print(self.log())
            raise
        return status

    def kill(self):
        for each in self.bridge, self.process:
            if each:
                each.kill()
                each.wait()
        shutil.rmtree(os.path.dirname(self.control), ignore_errors=True)


class Gdb:
    """An interactive GDB."""
    PROMPT = r"\(gdb\) "

    def __init__(self, machine):
        self.machine = machine
        self.child = pexpect.spawn("gdb-multiarch", ["-nx", "-q", str(GUEST)], timeout=TIMEOUT, encoding="utf8", cwd=machine.folder,
                                   dimensions=(100, 200), env={**os.environ, "TERM": "dumb"})
        self.child.logfile_read = open(machine.folder / "gdb.log", "a", encoding="utf8")
        self.child.expect(self.PROMPT)
        for each in ("set pagination off", "set confirm off", "set style enabled off", "set remotetimeout 120", "set width 0", "set osabi none"):
            self.do(each)

    def expect(self, pattern):
        try:
            return self.child.expect(pattern)
        except (pexpect.TIMEOUT, pexpect.EOF):
            print((self.machine.folder / "gdb.log").read_text(), self.machine.log())
            raise AssertionError(f"gdb never said {pattern!r}") from None

    def do(self, command):
        """What gdb says to a command."""
        self.child.sendline(command)
        self.expect(self.PROMPT)
        return self.child.before.replace("\r", "").split("\n", 1)[-1]

    def attach(self):
        text = self.do(f"target remote {self.machine.socket}")
        assert " in " in text or " at " in text, text
        return text

    def value(self, expression):
        text = self.do(f"output/x {expression}")
        return int(re.search(r"0x([0-9a-f]+)\s*$", text)[1], 16)

    def pc(self):
        return self.value("$pc")

    def address(self, symbol):
        return self.value(f"&{symbol}")

    def goto(self, symbol):
        """Runs on to a symbol."""
        text = self.do(f"tbreak {symbol}")
        assert "Temporary breakpoint" in text, text
        text = self.do("continue")
        assert "hit Temporary breakpoint" in text, text
        assert self.pc() == self.address(symbol)

    def leave(self):
        text = self.do("detach")
        assert "detached" in text, text


@pytest.fixture
def machine(host, cpu):
    machine = Machine(host, cpu)
    yield machine
    machine.kill()


@pytest.fixture
def gdb(machine):
    gdb = Gdb(machine)
    yield gdb
    gdb.child.close(force=True)


@pytest.fixture
def plain_machine(host):
    """For what does not depend on the CPU's model."""
    machine = Machine(host, PLAIN)
    yield machine
    machine.kill()


@pytest.fixture
def plain_gdb(plain_machine):
    gdb = Gdb(plain_machine)
    yield gdb
    gdb.child.close(force=True)


def counters(gdb):
    return gdb.value("*(long*)&counters"), gdb.value("*((long*)&counters + 1)"), gdb.value("*(long*)&shared")


def wait_until_both_count(gdb):
    """Attaches when both harts are at their work."""
    gdb.attach()
    for _ in range(100):
        if min(counters(gdb)[:2]) > 0:
            return
        gdb.leave()
        gdb.attach()
    raise AssertionError("the guest does not count")


def finish(gdb, machine):
    """What every test ends with: the guest has lost nothing and goes off well when it is told to."""
    gdb.do("delete")
    first, second, shared = counters(gdb)
    assert first + second - shared in (0, 1, 2), "one increment of each hart may be under way"
    gdb.do("set var *(int*)&finish = 1")
    gdb.leave()
    assert machine.end() == 0, machine.log()


def test_attaches_to_a_running_machine_and_shows_its_harts(machine, gdb):
    wait_until_both_count(gdb)
    threads = gdb.do("info threads")
    assert "Thread 1 (hart 0, started)" in threads and "Thread 2 (hart 1, started)" in threads
    assert gdb.value("$satp") >> 60 == 8
    assert gdb.value("$stvec") == gdb.address("trap")
    assert gdb.do("output $fa0").strip().startswith("{float = 0, double = 1.5}")
    assert gdb.value("$priv") == 1
    gdb.do("thread 2")
    assert gdb.value("$s0") == 1
    finish(gdb, machine)


def test_reads_and_writes_memory_through_the_guests_page_tables(machine, gdb):
    wait_until_both_count(gdb)
    alias = gdb.address("shared") + 0xffffffc000000000
    assert gdb.value(f"*(long*){alias}") == gdb.value("*(long*)&shared")
    gdb.do(f"set var *(long*){alias} = 1 + *(long*){alias}")
    first, second, shared = counters(gdb)
    assert shared - first - second in (1, 0, -1)
    gdb.do("set var *(long*)&shared = *(long*)&shared - 1")
    assert "Cannot access memory at address 0x40000000" in gdb.do("x 0x40000000")
    assert "Cannot access memory" in gdb.do("x 0x10000000"), "devices are left alone"
    finish(gdb, machine)


def test_stops_at_breakpoints_on_either_hart_and_hides_them(machine, gdb):
    wait_until_both_count(gdb)
    code = gdb.do("x/2hx bump")
    gdb.do("break bump")
    seen = set()
    for _ in range(12):
        text = gdb.do("continue")
        seen.add(re.search(r"Thread (\d) hit Breakpoint", text)[1])
        assert gdb.pc() == gdb.address("bump")
        assert gdb.do("x/2hx bump") == code
    assert seen == {"1", "2"}
    gdb.do("delete")
    before = counters(gdb)
    gdb.leave()
    gdb.attach()
    assert counters(gdb)[2] > before[2], "the guest goes on"
    finish(gdb, machine)


def test_steps_over_everything_one_instruction_at_a_time(machine, gdb):
    wait_until_both_count(gdb)
    gdb.goto("bump")
    before = [counters(gdb), gdb.value("$s0")]
    for _ in range(40):  # through the return
        gdb.do("stepi")
        if gdb.pc() == gdb.address("atomic"):
            break
    assert gdb.pc() == gdb.address("atomic")
    assert counters(gdb)[before[1]] == before[0][before[1]] + 1
    for symbol, following in (("after_atomic", "lr and sc as one"), ("after_call", "a call of the firmware"), ("after_load", "a device's register")):
        for _ in range(12):
            gdb.do("stepi")
            if gdb.pc() == gdb.address(symbol):
                break
        assert gdb.pc() == gdb.address(symbol), following
    assert gdb.value("$s3") & 0x60 == 0x60, "the transmitter is empty"
    gdb.do("thread 1")
    gdb.goto("wait")
    ticks = gdb.value("*(long*)&ticks")
    gdb.do("stepi")
    assert gdb.pc() == gdb.address("wait") + 4
    assert gdb.value("*(long*)&ticks") == ticks, "no interrupt in a step"
    assert gdb.value("$sie") == 0x20, "they are enabled again"
    finish(gdb, machine)


def test_a_step_of_an_instruction_that_traps_ends_at_the_guests_handler(machine, gdb):
    wait_until_both_count(gdb)
    gdb.goto("load")
    gdb.do("set var $pc = bump")
    gdb.do("stepi 2")
    gdb.do("set var $t0 = 0x40000000")  # no page there
    for _ in range(4):
        gdb.do("stepi")
    assert gdb.pc() == gdb.address("trap")
    assert gdb.value("$scause") == 13
    assert gdb.value("$stval") & 0xffffffff == 0x40000000 + 8 * gdb.value("$s0")
    gdb.do("kill")
    machine.end()


@pytest.mark.long_on("7")
def test_the_guests_own_breakpoints_stay_its_own(machine, gdb):
    wait_until_both_count(gdb)
    gdb.do("break atomic")
    gdb.do("set var *(long*)&own_breakpoints = 1")
    for _ in range(6):
        assert "hit Breakpoint" in gdb.do("continue")
        assert gdb.pc() == gdb.address("atomic")
    assert gdb.value("*(long*)&breakpoints_taken") >= 2
    finish(gdb, machine)


@pytest.mark.long_on("7")
def test_control_c_stops_it_and_registers_can_be_changed(machine, gdb):
    wait_until_both_count(gdb)
    gdb.child.sendline("continue")
    gdb.expect("Continuing")
    gdb.child.expect(pexpect.TIMEOUT, timeout=1)
    gdb.child.sendintr()
    gdb.expect("received signal SIGINT")
    gdb.expect(gdb.PROMPT)
    gdb.do("set var $fa0.double = 2.25")
    gdb.do("set var $s11 = 0x1234")
    gdb.goto("after_atomic" if gdb.value("$s0") else "wait")
    assert gdb.do("output $fa0.double").strip().startswith("2.25") or gdb.value("$s11") != 0x1234, "unless it is the other hart"
    gdb.do("thread 1")
    assert gdb.do("output $fa0.double").startswith("2.25") and gdb.value("$s11") == 0x1234
    finish(gdb, machine)


def test_vector_registers_are_read_and_written(machine, gdb, cpu):
    if "rva23" not in cpu and cpu != "max":
        pytest.skip("this model has no vectors")
    wait_until_both_count(gdb)
    gdb.do("set var $v3.l[0] = 0x1122334455667788")
    gdb.do("thread 1")
    assert gdb.value("$vlenb") == 16
    gdb.do("set var $v3.l[1] = 0x8877665544332211")
    gdb.leave()
    gdb.attach()
    gdb.do("thread 1")
    assert gdb.value("$v3.l[1]") == 0x8877665544332211
    finish(gdb, machine)


@pytest.mark.long_on("7")
@pytest.mark.parametrize("broken", ["gdb", "connection"])
def test_a_debugger_that_vanishes_leaves_a_guest_that_goes_on_without_its_breakpoints(plain_machine, plain_gdb, broken):
    machine, gdb = plain_machine, plain_gdb
    wait_until_both_count(gdb)
    gdb.do("break bump")
    gdb.child.sendline("continue")
    gdb.expect("hit Breakpoint")
    if broken == "gdb":
        gdb.child.close(force=True)
    else:
        machine.cut()
        machine.listen()
    other = Gdb(machine)
    try:
        other.attach()
        before = counters(other)
        other.leave()
        other.attach()
        assert counters(other)[2] > before[2]
        assert other.do("output/x *(short*)bump") != "0x9002", "no breakpoint is left"
        finish(other, machine)
    finally:
        other.child.close(force=True)


@pytest.mark.long_on("7")
def test_a_second_debugger_is_refused_unless_it_takes_the_firsts_place(plain_machine, plain_gdb):
    machine, gdb = plain_machine, plain_gdb
    wait_until_both_count(gdb)
    second = machine.tool("gdb", "debuggee", "--listen", "0", timeout=60)
    assert (second.returncode, second.stderr) == (1, "sundew: someone debugs 'debuggee' already: --force takes that one's place\n")
    gdb.do("break bump")
    first = machine.bridge
    third = pexpect.spawn(str(TOOL), ["gdb", "debuggee", "--force", "--symbols", str(GUEST), "--with=-nx", "--control", machine.control], timeout=TIMEOUT,
                          encoding="utf8", cwd=machine.folder, env={**os.environ, "TERM": "dumb"})
    third.expect(Gdb.PROMPT)
    assert first.wait(60) == 1
    third.sendline("continue")
    third.expect("Continuing")
    third.expect(pexpect.TIMEOUT, timeout=1)
    third.sendintr()
    third.expect("received signal SIGINT")
    for line in "set var *(int*)&finish = 1", "continue":
        third.expect(Gdb.PROMPT)
        third.sendline(line)
    third.expect("exited normally")
    third.expect(Gdb.PROMPT)
    third.sendline("quit")
    third.expect(pexpect.EOF)
    third.close()
    assert machine.end() == 0, machine.log()


@pytest.mark.long_on("7")
def test_a_paused_machine_can_be_looked_at_and_goes_on_when_it_is_resumed(plain_machine, plain_gdb):
    machine, gdb = plain_machine, plain_gdb
    wait_until_both_count(gdb)
    gdb.leave()
    assert machine.tool("pause", "debuggee").returncode == 0
    gdb.attach()
    before = counters(gdb)
    gdb.leave()
    gdb.attach()
    assert counters(gdb) == before, "it is still paused"
    ticks = gdb.value("*(long*)&ticks")
    time.sleep(6)
    gdb.leave()
    assert machine.tool("resume", "debuggee").returncode == 0
    time.sleep(2)
    gdb.attach()
    assert counters(gdb)[2] > before[2]
    assert gdb.value("*(long*)&ticks") > ticks, "its time goes on from where it stood, and not from before"
    finish(gdb, machine)


@pytest.mark.long_on("7")
def test_a_machine_that_is_off_cannot_be_debugged(plain_machine):
    machine = plain_machine
    machine.cut()
    assert machine.tool("stop", "debuggee", "--force", "--timeout", "0").returncode == 0
    for verb in "gdb", "trace":
        done = machine.tool(verb, "debuggee")
        assert (done.returncode, done.stderr) == (1, "sundew: 'debuggee' is off: `sundew start debuggee` first\n")
    assert machine.tool("shutdown", "--force", "--timeout", "0").returncode == 0


def test_a_trace_holds_every_exit_with_its_place_and_time(machine, gdb):
    wait_until_both_count(gdb)
    after_call, load = gdb.address("after_call"), gdb.address("load")
    gdb.leave()
    done = machine.tool("trace", "debuggee", "--for", "2", "--json")
    assert done.returncode == 0, done.stderr
    records = [json.loads(line) for line in done.stdout.splitlines()]
    exits = [each for each in records if each["kind"] == "exit"]
    assert {each["vcpu"] for each in exits} == {0, 1}, "both harts"
    calls = [each for each in exits if each["exit"] == "sbi" and each["address"] == 0x10]
    accesses = [each for each in exits if each["exit"] == "mmio"]
    assert calls and {each["value"] for each in calls} == {after_call - 4}
    assert accesses and {(each["address"], load <= each["value"] < load + 16) for each in accesses} == {(0x10000005, True)}
    for hart in (0, 1):
        times = [(each["ticks"], each["ticks"] + each["duration"]) for each in exits if each["vcpu"] == hart]
        assert all(end <= begin for (_, end), (begin, _) in zip(times, times[1:])), "one after the other"
    lost = sum(each["value"] for each in records if each["kind"] == "lost")
    assert done.stderr == f"{len([each for each in records if each['kind'] != 'lost'])} records, {lost} lost\n"
    file = machine.folder / "trace.json"
    child = subprocess.Popen([str(TOOL), "trace", "debuggee", "-o", file, "--control", machine.control], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             text=True)
    assert child.stderr.readline() == "tracing 'debuggee'; Ctrl-C ends it\n"
    second = machine.tool("trace", "debuggee", "--for", "1")
    assert (second.returncode, second.stderr) == (1, "sundew: someone traces 'debuggee' already: --force takes that one's place\n")
    gdb.attach()  # beside the trace
    finish(gdb, machine)
    out, _ = child.communicate(timeout=TIMEOUT)
    assert child.returncode == 0 and "records, " in out, "it ends with the machine"
    assert {each["name"] for each in json.loads(file.read_text()) if each["ph"] == "X"} >= {"sbi", "mmio", "kick"}
