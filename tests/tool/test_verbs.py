# SPDX-License-Identifier: Apache-2.0
import json
import os
import re
import socket
import struct
import subprocess
import time

import pexpect
import pytest
from tool import target as t
from tool.target import TOOL


def answering(target, verb, status=t.DONE, detail=0, text=b"", data=b""):
    target.verbs[verb] = lambda session, *_: (target.data(session, data), target.end(session, status, detail, text))


# ps

def test_ps_lists_machines_in_columns(tool):
    done = tool("ps")
    assert done.status == 0
    lines = done.out.splitlines()
    assert lines[0].split() == ["NAME", "STATE", "SINCE", "CPUS", "MEMORY", "HARTS", "RESTARTS", "REASON"]
    assert lines[1].split() == ["debian", "running", "1m", "5s", "2", "512M", "0,1", "0"]
    assert len(lines) == 3


def test_ps_as_json(tool):
    machines = json.loads(tool("ps", "--json").out)
    assert [machine["name"] for machine in machines] == ["debian", "web"]
    assert machines[0] == {"name": "debian", "state": "running", "cpus": 2, "memory": 512 << 20, "priority": 100, "share": 300,
                           "harts": [0, 1], "since_ns": 65_000_000_000, "restart": "on-failure", "restarts": 0, "exit_status": 0, "reason": ""}


def test_ps_of_nothing_is_an_empty_list(tool, target):
    answering(target, t.LIST)
    assert json.loads(tool("ps", "--json").out) == []


def test_ps_quietly_gives_names(tool):
    assert tool("ps", "-q").out == "debian\nweb\n"


def test_what_a_guest_says_of_itself_cannot_drive_the_terminal(tool, target):
    answering(target, t.LIST, data=t.machine("a", t.FAILED_STATE, reason=b"\x1b[2J\xff\xc2\x9bgone \xc3\xa4"))
    assert tool("ps").out.splitlines()[1].endswith("?[2J??gone \u00e4")
    assert json.loads(tool("ps", "--json").out)[0]["reason"] == "\x1b[2J\ufffd\x9bgone \u00e4"


def test_numbers_that_mean_nothing_are_unknown(tool, target):
    answering(target, t.LIST, data=t.machine("a", 99))
    assert " unknown " in tool("ps").out


# Verbs that change something.

ACTS = [("start", t.START, 0, 0, "started"), ("stop", t.STOP, 0, 30_000, "stopped"), ("restart", t.RESTART, 0, 30_000, "restarted"),
        ("pause", t.PAUSE, 0, 0, "paused"), ("resume", t.RESUME, 0, 0, "resumed"), ("rm", t.REMOVE, 0, 0, "removed")]


@pytest.mark.parametrize("verb, number, flags, value, word", ACTS)
def test_a_verb_asks_for_what_it_says(tool, target, verb, number, flags, value, word):
    answering(target, number)
    done = tool(verb, "debian")
    assert (done.status, done.out, done.err) == (0, f"debian: {word}\n", "")
    assert target.requests == [(number, flags, value, "debian")]
    assert json.loads(tool(verb, "debian", "--json").out) == {"machine": "debian", "done": word}


def test_stop_takes_force_and_a_time(tool, target):
    answering(target, t.STOP)
    assert tool("stop", "debian", "--force", "--timeout", 0).status == 0
    assert target.requests == [(t.STOP, 1, 0, "debian")]


def test_shutdown_is_for_the_system(tool, target):
    answering(target, t.SHUTDOWN)
    assert tool("shutdown", "--timeout", 5).out == "system: shut down\n"
    assert target.requests == [(t.SHUTDOWN, 0, 5000, "")]


@pytest.mark.parametrize("verb, number, flags, value, word", ACTS)
def test_the_nearest_name_is_offered(tool, target, verb, number, flags, value, word):
    answering(target, number, t.NO_SUCH_MACHINE)
    done = tool(verb, "debain")
    assert (done.status, done.err) == (1, "sundew: there is no machine 'debain': did you mean 'debian'?\n")


def test_without_any_machine_there_is_no_nearest(tool, target):
    answering(target, t.LIST)
    answering(target, t.START, t.NO_SUCH_MACHINE)
    assert tool("start", "x").err == "sundew: there is no machine 'x', nor any other: `sundew create` adds some\n"


@pytest.mark.parametrize("verb, number, state, message", [
    ("start", t.START, t.RUNNING, "'web' is running: `sundew restart web` starts it anew"),
    ("start", t.START, t.PAUSED, "'web' is paused: `sundew resume web` lets it go on"),
    ("pause", t.PAUSE, t.OFF, "'web' is off: `sundew start web` first"),
    ("pause", t.PAUSE, t.PAUSED, "'web' is paused: `sundew resume web` lets it go on"),
    ("resume", t.RESUME, t.RUNNING, "'web' is running: only a paused machine can be resumed"),
    ("stop", t.STOP, t.EXITED, "'web' is exited: `sundew ps` shows what state machines are in"),
    ("rm", t.REMOVE, t.RUNNING, "'web' is running: `sundew stop web` first, or `sundew rm --force web`"),
    ("pause", t.PAUSE, 77, "'web' is unknown: `sundew start web` first"),
])
def test_a_wrong_state_is_told_with_the_remedy(tool, target, verb, number, state, message):
    answering(target, number, t.WRONG_STATE, state)
    done = tool(verb, "web")
    assert (done.status, done.out, done.err) == (1, "", f"sundew: {message}\n")


@pytest.mark.parametrize("status, text, message", [
    (t.BUSY, b"", "'web' is busy with another command: try again when that is done"),
    (t.NOT_SUPPORTED, b"", "'web' cannot do this: its monitor is not made for it"),
    (t.BAD_REQUEST, b"", "the system does not understand: use the tool that it was built with"),
    (t.NO_MEMORY, b"no RAM", "'web': not enough memory: stop or remove a machine, or `sundew run --memory` with more: no RAM"),
    (t.TIMED_OUT, b"", "'web' has not stopped in time: wait longer with --timeout, or end it with --force"),
    (t.FAILED, b"kernel\nbroken", "'web' failed: kernel?broken"),
    (t.GONE, b"", "'web' is gone: it was removed, or the system goes off"),
    (99, b"what", "'web' failed: what"),
])
def test_every_refusal_is_one_line(tool, target, status, text, message):
    answering(target, t.STOP, status, text=text)
    done = tool("stop", "web")
    assert (done.status, done.err) == (1, f"sundew: {message}\n")


def test_a_name_that_can_be_none_is_not_even_sent(tool, target):
    for name in ["Web", "a/b", "x" * 32, ""]:
        done = tool("start", name)
        assert done.status == 1 and "is no machine's name" in done.err
    assert target.requests == []


@pytest.mark.parametrize("verb", ["logs", "stats", "console", "trace", "gdb"])
def test_the_only_machine_need_not_be_named_and_one_of_several_must(tool, target, verb):
    done = tool(verb)
    assert (done.status, done.err) == (1, "sundew: the system has several machines: name one: debian, web\n")
    for found, message in [(b"", "the system has no machine: add one with `sundew create`"),
                           (t.machine("\x1b[2J"), "'?[2J' is no machine's name: these are 1 to 31 of a-z, 0-9 and -: see `sundew ps`"),
                           (t.machine("a\x1b") + t.machine("b"), "the system has several machines: name one: a?, b")]:
        target.verbs[t.LIST] = lambda session, *_: (target.data(session, found), target.end(session))
        done = tool(verb)
        assert (done.status, done.err) == (1, f"sundew: {message}\n")
    target.verbs[t.LIST] = lambda session, *_: (target.data(session, t.machine("web")), target.end(session))
    number = {"logs": t.LOGS, "stats": t.STATS, "console": t.CONSOLE, "trace": t.TRACE, "gdb": t.GDB}[verb]
    target.verbs[number] = lambda session, *_: target.end(session, t.BUSY)
    assert tool(verb).status == 1
    assert target.requests[-1][0] == number and target.requests[-1][3] == "web"


@pytest.mark.parametrize("words", [["start"], ["start", "a", "b"], ["stop", "a", "--timeout", "-1"], ["stop", "a", "--timeout", "soon"], ["create"],
                                   ["nothing"], ["ps", "--all"], ["top", "--interval", "0"], ["trace", "a", "--for", "soon"]])
def test_a_wrong_usage_is_status_2(tool, words):
    assert tool(*words).status == 2


# Connections that break.

@pytest.mark.parametrize("words", [["ps"], ["start", "web"], ["stop", "web"], ["console", "web"], ["logs", "web"], ["logs", "-f", "web"], ["top"],
                                   ["stats", "web"], ["events"], ["shutdown"], ["trace", "web"], ["gdb", "web"]])
def test_a_connection_that_breaks_is_told(tool, target, words):
    for number in range(1, 16):
        target.verbs[number] = lambda *_: target.drop()
    done = tool(*words, stdin=subprocess.DEVNULL)
    assert done.status == 1
    assert done.err.splitlines()[-1] == "sundew: the connection to the system broke: it has ended, or its QEMU has: start it again with `sundew run`"


def test_a_system_that_hangs_up_at_once_is_told(tool, target):
    target.on_hello = lambda _: target.drop()
    done = tool("ps")
    assert (done.status, done.err) == (1, "sundew: the system hung up: it has ended: start it again with `sundew run`\n")


def test_a_system_that_does_not_answer_is_told(tool, target):
    target.on_hello = lambda _: None
    done = tool("ps")
    assert done.status == 1 and "sundew: the system does not answer: it is still booting" in done.err
    assert target.greetings > 1  # it asks again


def test_another_version_is_told(tool, target):
    target.on_hello = lambda nonce: target.raw(t.hello(nonce, version=7))
    assert "speaks version 7 of the control protocol, this tool version 2" in tool("ps").err


def test_what_an_earlier_connection_left_behind_does_not_disturb(tool, target):
    debris = b"\0\xff" * 1000 + t.frame(t.DATA, 1, t.machine("old")) + t.hello(4711) + t.frame(t.END, 1, bytes(8)) + t.frame(t.DATA, 1, b"cut")[:9]
    target.on_hello = lambda nonce: target.raw(debris + bytes(70_000) + t.hello(nonce) + t.hello(nonce))
    assert tool("ps", "-q").out == "debian\nweb\n"


@pytest.mark.parametrize("junk", [t.frame(t.END, 1, b"short"), t.frame(t.CREDIT, 1, b""), t.frame(t.REQUEST, 1, bytes(48))],
                         ids=["a short End", "a short Credit", "a Request"])
def test_a_target_that_breaks_the_rules_is_told(tool, target, junk):
    target.verbs[t.START] = lambda *_: target.raw(junk)
    done = tool("start", "web")
    assert done.status == 1 and done.err.startswith("sundew: the system sends ")


def test_frames_of_other_sessions_are_ignored(tool, target):
    target.verbs[t.START] = lambda session, *_: (target.end(77, t.FAILED), target.send(t.LOST, 5, bytes(8)), target.end(session))
    assert tool("start", "web").status == 0


def test_where_no_system_is_there_is_help(tool, environment, folder):
    done = subprocess.run([TOOL, "ps"], env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (1, "sundew: no system runs: start one with `sundew run`\n")
    done = subprocess.run([TOOL, "ps", "--control", folder / "none"], env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (1, f"sundew: {folder}/none: no system listens there: start one with `sundew run --control {folder}/none`\n")


def test_qemus_own_socket_does_where_no_broker_is(environment, folder):
    alone = t.Target(folder / "s.qemu")
    alone.verbs[t.LIST] = lambda session, *_: (alone.data(session, t.machine("a")), alone.end(session))
    done = subprocess.run([TOOL, "ps", "-q", "--control", folder / "s"], env=environment, capture_output=True, text=True)
    alone.close()
    assert done.stdout == "a\n"


def test_the_environment_names_a_control_socket(target, environment):
    done = subprocess.run([TOOL, "ps", "-q"], env={**environment, "SUNDEW_CONTROL": target.path}, capture_output=True, text=True)
    assert done.stdout == "debian\nweb\n"


# Streams.

def test_logs_are_the_bytes_as_they_are(tool, target):
    target.verbs[t.LOGS] = lambda session, name, flags, _: (target.send(t.LOST, session, struct.pack("<Q", 12)), target.data(session, b"one\r\n"),
                                                            target.data(session, b"two"), target.end(session))
    done = tool("logs", "web")
    assert (done.status, done.out, done.err) == (0, "one\ntwo", "sundew: 12 bytes are missing here\n")
    assert target.requests == [(t.LOGS, 0, 0, "web")]


def test_logs_that_are_long_come_with_credit(target, environment):
    def flood(session, *_):
        for _ in range(16):  # no more than the credit of the beginning
            target.data(session, b"x" * 4096)
        left[0], left[1] = 50, session
    left = [0, 0]
    take = target.take

    def with_credit(kind, session, payload):
        take(kind, session, payload)
        if kind == t.CREDIT and left[0] > 0:
            left[0] -= 1
            target.data(session, b"y" * struct.unpack("<Q", payload)[0])
            if left[0] == 0:
                target.end(session)
    target.take = with_credit
    target.verbs[t.LOGS] = flood
    done = subprocess.run([TOOL, "logs", "web", "--control", target.path], env=environment, capture_output=True, timeout=60)
    assert done.returncode == 0 and len(done.stdout) >= 16 * 4096 + 50 * 4096


def test_logs_follow_until_interrupted(target, environment):
    target.verbs[t.LOGS] = lambda session, *_: target.data(session, b"line\n")
    with subprocess.Popen([TOOL, "logs", "-f", "web", "--control", target.path], env=environment, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline() == b"line\n"
        process.terminate()
    assert target.requests == [(t.LOGS, 2, 0, "web")]


def test_events_are_lines_or_json(tool, target):
    def happen(session, *_):
        target.send(t.OPENED, session)
        target.data(session, t.event("web", 0, t.FAILED_STATE, b"exit 3") + t.event("db", 1))
        target.data(session, t.event("", 5, 0))
        target.end(session, t.GONE)
    target.verbs[t.EVENTS] = happen
    done = tool("events")
    assert done.status == 0
    assert done.out == "1.500000 state     web failed: exit 3\n1.500000 create    db\n1.500000 shutdown \n"
    first = json.loads(tool("events", "--json").out.splitlines()[0])
    assert first == {"time_ns": 1_500_000_000, "event": "state", "machine": "web", "state": "failed", "status": 0, "text": "exit 3"}


def test_stats_are_rows_or_json(tool, target):
    answering(target, t.STATS, data=t.stats("web"))
    out = tool("stats", "web").out
    assert re.search(r"vCPU 1: mmio +101\n", out) and re.search(r"vCPU 0: interrupts +1000\n", out)
    assert re.search(r"disks: read +4K in 1 requests\n", out) and re.search(r"of it given back +1M\n", out)
    record = json.loads(tool("stats", "web", "--json").out)
    assert record["name"] == "web" and record["overhead"] == 2 << 20 and len(record["vcpus"]) == 2
    assert record["vcpus"][1]["exits"]["nucleus_wait"] == 109 and record["vcpus"][1]["interrupts"] == 1000
    assert (record["memory"], record["returned"], record["reported"]) == (512 << 20, 1 << 20, 3 << 20)
    assert record["disks"] == {"read": 4096, "written": 10_000_000, "reads": 1, "writes": 16, "other_requests": 5}


def test_stats_that_claim_a_thousand_vcpus_show_eight(tool, target):
    answering(target, t.STATS, data=t.stats("web", cpus=1000))
    assert len(json.loads(tool("stats", "web", "--json").out)["vcpus"]) == 8


def test_top_shows_rates(tool, target):
    target.verbs[t.STATS] = lambda session, *_: target.data(session, t.stats("web", 5_000_000_000, 0) + t.stats("web", 6_000_000_000, 250_000_000))
    done = tool("top", "--interval", 1, "-n", 1)
    assert done.status == 0
    rows = {line.split()[0] if not line.startswith("  ") else " ".join(line.split()[:2]): line.split() for line in done.out.splitlines() if line}
    assert rows["web"][1:8] == ["running", "511M", "2M", "0B", "2.3M", "50.0", "500"]
    assert rows["vCPU 1"][2:4] == ["25.0", "250"]
    assert "4 harts, 2G of RAM" in done.out
    assert target.requests[0] == (t.STATS, 2, 1000, "")


# trace

RECORDS = t.trace() + t.trace(1, begin=200, value=10) + t.trace(2, vcpu=1, begin=300, address=0x10008000, value=3) + t.trace(99, begin=50)


def tracing(target, *acts):
    def answer(session, *_):
        target.send(t.OPENED, session)
        for act in acts:
            act(session)
    target.verbs[t.TRACE] = answer


def test_trace_shows_what_happens_until_the_machine_ends(tool, target):
    tracing(target, lambda session: target.data(session, RECORDS), lambda session: target.send(t.LOST, session, struct.pack("<Q", 7)),
            lambda session: target.data(session, t.trace(4, value=5)), target.end)
    done = tool("trace", "web", "--for", 60)
    assert (done.status, done.err) == (0, "4 records, 12 lost\n")
    assert done.out.splitlines() == [
        "     0.0000100  vCPU 0   mmio                    0.5 us  address 0x10000000  pc 0x80200000",
        "     0.0000200  devices  interrupt          line 10",
        "     0.0000300  vCPU 1   virtio notify      device 0x10008000 queue 3",
        "     0.0000050  vCPU 0   unknown          ",
        "     0.0000050  vCPU 0   lost               7 records are missing here",
        "     0.0000100  vCPU 0   lost               5 records are missing here"]
    assert target.requests == [(t.TRACE, 0, 0, "web")]


def test_trace_as_json(tool, target):
    tracing(target, lambda session: target.data(session, RECORDS), target.end)
    lines = [json.loads(line) for line in tool("trace", "web", "--json", "--for", 60).out.splitlines()]
    assert lines[0] == {"ticks": 100, "duration": 5, "kind": "exit", "exit": "mmio", "vcpu": 0, "address": 0x10000000, "value": 0x80200000}
    assert [each["kind"] for each in lines] == ["exit", "interrupt", "virtio_notify", "unknown"] and lines[1]["exit"] is None


def test_trace_writes_a_file_that_is_json(tool, target, folder):
    tracing(target, lambda session: target.data(session, RECORDS), lambda session: target.end(session, t.GONE))
    done = tool("trace", "web", "-o", folder / "x.json", "--json")
    assert done.status == 0 and json.loads(done.out) == {"file": str(folder / "x.json"), "records": 4, "lost": 0}
    records = [each for each in json.loads((folder / "x.json").read_text()) if each["ph"] != "M"]
    assert records[0] == {"ph": "X", "pid": 1, "tid": 0, "ts": 10, "name": "mmio", "dur": 0.5, "args": {"address": "0x10000000", "pc": "0x80200000"}}
    assert records[1]["ts"] == 20 and records[1]["name"] == "interrupt" and records[1]["tid"] == 8
    assert records[2]["name"] == "virtio notify" and records[2]["tid"] == 1
    assert records[3]["ts"] == 5


def test_trace_ends_by_itself_after_the_time(tool, target):
    tracing(target, lambda session: target.data(session, t.trace()))
    done = tool("trace", "web", "--for", 1)
    assert (done.status, done.err) == (0, "1 records, 0 lost\n") and target.ends == [1]


def test_trace_ends_with_ctrl_c_and_keeps_what_came(target, environment, folder):
    tracing(target, lambda session: target.data(session, t.trace()))
    child = pexpect.spawn(str(TOOL), ["trace", "web", "-o", str(folder / "x.json"), "--control", target.path], env=environment, timeout=30)
    child.expect("Ctrl-C ends it")
    child.sendintr()
    child.expect("1 records, 0 lost; open it at https://ui.perfetto.dev")
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0 and target.ends == [1]
    json.loads((folder / "x.json").read_text())


def test_trace_that_cannot_write_says_so(tool):
    done = tool("trace", "web", "-o", "/nonexistent/x")
    assert (done.status, done.err) == (1, "sundew: /nonexistent/x: cannot be written: name another file with -o\n")


# create

MANIFEST = '[[vm]]\nname = "NAME"\nmonitor = "./monitor"\nimage = "./image"\nmemory = "64K"\n'


@pytest.fixture
def manifest(folder):
    """A manifest whose monitor is the smallest that passes for one."""
    code = bytes(4096)
    header = struct.pack("<4sBBBBB7xHHIQQQIHHHHHH", b"\x7fELF", 2, 1, 1, 0, 0, 2, 243, 1, 0x10000, 64, 0, 5, 64, 56, 1, 64, 0, 0)
    segment = struct.pack("<IIQQQQQQ", 1, 5, 4096, 0x10000, 0x10000, len(code), len(code), 4096)
    (folder / "monitor").write_bytes((header + segment).ljust(4096, b"\0") + code)
    (folder / "image").write_bytes(b"x" * 300_000)

    def write(name="new", more=""):
        (folder / "m.toml").write_text(MANIFEST.replace("NAME", name) + more)
        return folder / "m.toml"
    return write


def collect(target, status=t.DONE, text=b""):
    """A target that takes a bundle, a piece at a time."""
    def begin(session, name, flags, value):
        size[0] = value

    def data(session, piece):
        target.send(t.CREDIT, session, struct.pack("<Q", len(piece)))
        if len(target.typed) == size[0]:
            target.end(session, status, text=text)
    size = [0]
    target.verbs[t.CREATE], target.on_data = begin, data


def test_create_sends_the_bundle_whole(tool, target, manifest):
    collect(target)
    done = tool("create", "-f", manifest())
    assert (done.status, done.out) == (0, "new: created\n")
    assert target.requests[-1][2] == len(target.typed) > 300_000
    assert target.typed.startswith(b"070701") and b"manifest.dtb\0" in target.typed[:200]


def test_create_tells_what_the_target_refuses(tool, target, manifest):
    collect(target, t.NO_MEMORY, b"12 pages")
    assert tool("create", "-f", manifest()).err == \
        "sundew: the system: not enough memory: stop or remove a machine, or `sundew run --memory` with more: 12 pages\n"


def test_create_stops_when_the_target_refuses_half_way(tool, target, manifest):
    target.verbs[t.CREATE] = lambda *_: None
    target.on_data = lambda session, _: target.end(session, t.BAD_BUNDLE, text=b"no")
    assert "the system refuses the manifest: no" in tool("create", "-f", manifest()).err


def test_create_checks_before_it_sends(tool, target, manifest, folder):
    done = tool("create", "-f", manifest("web"))
    assert done.status == 1 and "key 'name': another machine is called 'web'" in done.err
    (folder / "d").write_bytes(bytes(512))
    assert "a running system gets no more devices: say ram = true" in tool("create", "-f", manifest(more='disk = ["d"]\n')).err
    wrong = f"{folder}/m.toml:7:1: there is no key 'memori': did you mean 'memory'?\n"
    assert tool("create", "-f", manifest(more='after = ["debian"]\nmemori = 1\n')).err == wrong
    assert [request[0] for request in target.requests] == [t.LIST] * 3


# check

def test_check_as_json(tool, manifest):
    file = manifest()
    command = [TOOL, "check", file, "--json"]
    assert json.loads(subprocess.check_output(command)) == {"file": str(file), "machines": ["new"], "complaints": []}
    done = subprocess.run([TOOL, "check", manifest(more="x = 1\n"), "--json"], capture_output=True, text=True)
    assert done.returncode == 1 and json.loads(done.stdout)["complaints"][0].startswith(f"{file}:6:1: there is no key 'x'")


# console

def console(target, environment, *more):
    return pexpect.spawn(str(TOOL), ["console", "web", "--control", target.path, *more], env=environment, timeout=30, dimensions=(30, 100))


def echo(target):
    def back(session, data):
        target.send(t.CREDIT, session, struct.pack("<Q", len(data)))
        target.data(session, b"<" + data + b">")
    target.on_data = back
    target.verbs[t.CONSOLE] = lambda session, *_: target.data(session, b"login: ")


def cooked(child):
    import termios
    return termios.tcgetattr(child.child_fd)[3] & (termios.ICANON | termios.ECHO) == termios.ICANON | termios.ECHO


def test_console_attaches_raw_and_detaches_with_its_key(target, environment):
    echo(target)
    child = console(target, environment)
    child.expect_exact("Attached to 'web'; Ctrl-] detaches.")
    child.expect_exact("login: ")
    assert not cooked(child) and target.sizes[0] == (100, 30)
    child.send("a\x03")  # Ctrl-C is the guest's
    child.expect_exact("<a\x03>")
    child.setwinsize(40, 120)
    child.send("\x1d")
    child.expect_exact("Detached from 'web'.")
    child.expect(pexpect.EOF)
    assert cooked(child)
    child.close()
    assert child.exitstatus == 0 and target.ends == [1] and (120, 40) in target.sizes


def test_console_tells_a_new_size_and_goes_on_showing_though_nobody_types(target, environment):
    echo(target)
    child = console(target, environment)
    child.expect_exact("login: ")
    child.setwinsize(50, 132)
    deadline = time.monotonic() + 60
    while (132, 50) not in target.sizes:
        assert time.monotonic() < deadline, target.sizes
        time.sleep(0.02)
    target.data(1, b"and more")
    child.expect_exact("and more")
    child.send("\x1d")
    child.expect(pexpect.EOF)


def test_console_restores_the_terminal_when_the_connection_breaks(target, environment):
    echo(target)
    child = console(target, environment)
    child.expect_exact("login: ")
    target.drop()
    child.expect_exact("sundew: the connection to the system broke")
    child.expect(pexpect.EOF)
    assert cooked(child)
    child.close()
    assert child.exitstatus == 1


@pytest.mark.parametrize("signal", [1, 3, 15])
def test_console_restores_the_terminal_when_it_is_told_to_end(target, environment, signal):
    echo(target)
    child = console(target, environment)
    child.expect_exact("login: ")
    child.kill(signal)
    child.expect(pexpect.EOF)
    assert cooked(child)
    child.close()
    assert child.exitstatus == 128 + signal


def test_console_ends_when_its_machine_is_removed(target, environment):
    target.verbs[t.CONSOLE] = lambda session, *_: target.end(session, t.GONE)
    child = console(target, environment)
    child.expect_exact("sundew: 'web' is gone")
    child.expect(pexpect.EOF)
    assert cooked(child)
    child.close()
    assert child.exitstatus == 1


def test_console_takes_a_pipe_for_its_input(tool, target):
    target.verbs[t.CONSOLE] = lambda *_: None
    target.on_data = lambda session, data: target.typed.endswith(b"end\n") and (target.data(session, b"seen"), target.end(session))
    ends = os.pipe()
    os.write(ends[1], b"a\x1db end\n")
    os.close(ends[1])
    done = tool("console", "web", stdin=ends[0])
    os.close(ends[0])
    assert done.err == ""
    assert (done.status, done.out) == (0, "seen")
    assert target.typed == b"a\x1db end\n"  # no key there


def test_console_sends_no_more_than_it_may(tool, target, folder):
    taken = []

    def data(session, piece):
        taken.append(len(piece))
        if sum(taken) == 65536:  # all that may be; only then is there more
            target.send(t.CREDIT, session, struct.pack("<Q", 65536))
        if sum(taken) == 100_000:
            target.end(session)
    target.verbs[t.CONSOLE], target.on_data = lambda *_: None, data
    (folder / "text").write_bytes(b"x" * 100_000)
    with open(folder / "text") as text:
        assert tool("console", "web", stdin=text).status == 0
    assert sum(taken) == 100_000


# gdb

FAKE_GDB = """#!/usr/bin/python3
import socket, sys
print(*sys.argv[1:], sep="\\n", flush=True)
place = [each for each in sys.argv if each.startswith("target remote ")][0].split()[-1]
link = socket.socket(socket.AF_UNIX)
link.connect(place)
link.sendall(b"$g#67")
print(link.recv(100), flush=True)
if "-wait" in sys.argv:
    print("ended", link.recv(100))
sys.exit(3)
"""


def echoing(target):
    target.verbs[t.GDB] = lambda session, *_: target.send(t.OPENED, session)
    target.on_data = lambda session, data: target.data(session, b"+" + data)


@pytest.fixture
def fake_gdb(folder):
    file = folder / "gdb"
    file.write_text(FAKE_GDB)
    file.chmod(0o755)
    return file


def test_gdb_starts_the_debugger_connected_and_ends_with_it(tool, target, fake_gdb):
    echoing(target)
    done = tool("gdb", "web", "--gdb", fake_gdb, "--symbols", "vmlinux", "--with=-batch")
    lines = done.out.splitlines()
    assert done.status == 3, "as the debugger"
    assert lines[:2] == ["-q", "vmlinux"] and "set osabi none" in lines and "-batch" in lines and lines[-1] == "b'+$g#67'"
    place = [line for line in lines if line.startswith("target remote ")][0].split()[-1]
    assert not os.path.exists(os.path.dirname(place))
    assert target.requests[0] == (t.GDB, 0, 0, "web") and len(target.ends) == len(target.requests)


def test_gdb_without_a_debugger_says_what_to_install(tool, target):
    echoing(target)
    done = tool("gdb", "web", "--gdb", "/nonexistent/gdb")
    assert (done.status, done.err) == (1, "sundew: /nonexistent/gdb cannot be run: install the package gdb-multiarch, name another debugger with "
                                          "--gdb, or connect one yourself with --listen\n")


@pytest.mark.parametrize("status, detail, text, message", [
    (t.BUSY, 0, b"", "someone debugs 'web' already: --force takes that one's place"),
    (t.WRONG_STATE, t.OFF, b"", "'web' is off: `sundew start web` first"),
    (t.NOT_SUPPORTED, 0, b"", "'web' cannot do this: its monitor is not made for it"),
    (t.NO_SUCH_MACHINE, 0, b"", "there is no machine 'web': did you mean 'web'?"),
    (t.DONE, 0, b"", "'web' has ended"),
])
def test_gdb_that_is_refused_says_so_before_a_debugger_starts(tool, target, fake_gdb, status, detail, text, message):
    answering(target, t.GDB, status, detail, text)
    done = tool("gdb", "web", "--gdb", fake_gdb)
    assert (done.status, done.out, done.err) == (1, "", f"sundew: {message}\n")


def test_gdb_of_a_monitor_that_does_not_answer_says_so(tool, target):
    target.verbs[t.GDB] = lambda *_: None
    done = tool("gdb", "web")
    assert (done.status, done.err) == (1, "sundew: the monitor of 'web' does not answer: it is not made for this, or stuck\n")


def test_gdb_tells_the_debugger_when_the_machine_ends(tool, target, fake_gdb):
    echoing(target)
    target.on_data = lambda session, data: (target.data(session, b"$W00#b7"), target.end(session))
    done = tool("gdb", "web", "--gdb", fake_gdb, "--with=-wait")
    assert done.status == 0 and done.out.splitlines()[-2:] == ["b'$W00#b7'", "ended b''"]
    assert done.err == "sundew: 'web' has ended\n"


def test_gdb_whose_place_another_takes_says_so(tool, target, fake_gdb):
    echoing(target)
    target.on_data = lambda session, data: (target.data(session, b"x"), target.end(session, t.BUSY, text=b"another has taken its place"))
    done = tool("gdb", "web", "--gdb", fake_gdb, "--with=-wait")
    assert (done.status, done.err) == (1, "sundew: 'web': another has taken its place\n")


@pytest.mark.parametrize("where", ["0", "PATH"])
def test_gdb_only_listens_for_one_debugger_after_another(target, environment, folder, where):
    echoing(target)
    where = str(folder / "place") if where == "PATH" else where
    child = pexpect.spawn(str(TOOL), ["gdb", "web", "--force", "--listen", where, "--control", target.path], env=environment, timeout=30)
    child.expect(r"target remote (\S+)\r\n")
    place = child.match[1].decode()
    for session in 1, 2:
        if where == "0":
            host, port = place.split(":")
            link = socket.create_connection((host, int(port)), 30)
        else:
            link = socket.socket(socket.AF_UNIX)
            link.connect(place)
        link.settimeout(30)
        link.sendall(b"abc")
        assert link.recv(10) == b"+abc"
        link.close()
        deadline = time.monotonic() + 30
        while len(target.requests) == session:
            assert time.monotonic() < deadline
    child.sendintr()
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 0 and target.ends == [1, 2, 3] and not os.path.exists(folder / "place")
    assert target.requests == [(t.GDB, 1, 0, "web"), (t.GDB, 0, 0, "web"), (t.GDB, 0, 0, "web")]


def test_gdb_that_cannot_listen_says_so(tool, target):
    echoing(target)
    done = tool("gdb", "web", "--listen", "/nonexistent/place")
    assert (done.status, done.err) == (1, "sundew: /nonexistent/place: No such file or directory: name another place with --listen\n")
