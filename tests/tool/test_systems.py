# SPDX-License-Identifier: Apache-2.0
"""Running systems: how they are started, found and shared by several processes of the tool, with something in QEMU's place."""
import os
import pathlib
import signal
import subprocess
import time

import pytest
from tool.target import TOOL

FAKE = pathlib.Path(__file__).parent / "fake_qemu.py"


class Systems:
    def __init__(self, folder, environment):
        self.folder, self.environment, self.started = folder, environment, []
        (folder / "bundle").write_bytes(b"x")
        (folder / "other").write_bytes(b"x")

    def command(self, *words):
        return [TOOL, *map(str, words)]

    def run(self, *words, mode="", bundle="bundle"):
        """`run` in the foreground, as a process; returns when its QEMU has begun."""
        process = subprocess.Popen(self.command("run", "--bundle", self.folder / bundle, "--qemu", FAKE, *words), stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**self.environment, "FAKE_QEMU": mode})
        self.started.append(process)
        assert process.stdout.readline().startswith("fake QEMU: ")
        process.stdin.write("typed\n")
        process.stdin.flush()
        assert process.stdout.readline() == "input: typed\n"
        return process

    def detach(self, *words, mode="", bundle="bundle"):
        return self.tool("run", "-d", "--bundle", self.folder / bundle, "--qemu", FAKE, *words, mode=mode)

    def tool(self, *words, mode=""):
        return subprocess.run(self.command(*words), env={**self.environment, "FAKE_QEMU": mode}, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=120)

    def console(self, *words):
        return subprocess.Popen(self.command("console", "debian", *words), env=self.environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE)


@pytest.fixture
def systems(folder, environment):
    made = Systems(folder, environment)
    yield made
    for lock in (folder / "run/sundew").glob("*.lock") if (folder / "run/sundew").exists() else []:
        try:
            os.kill(int(lock.read_text()), signal.SIGKILL)  # only what a test has left behind
        except (ProcessLookupError, ValueError):
            pass
    for process in made.started:
        process.kill()
        process.communicate()


def until(what):
    """Waits for something that is to become true."""
    end = time.monotonic() + 30
    while not what():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_run_keeps_its_terminal_and_its_exit_status(systems):
    process = systems.run()
    assert systems.tool("ps", "-q").stdout == "debian\n"
    assert systems.tool("start", "end").stdout == "end: started\n"
    assert process.communicate(timeout=30)[0] == "fake QEMU: ends\n"
    assert process.returncode == 7
    until(lambda: not list((systems.folder / "run/sundew").glob("*.sock")))
    assert systems.tool("ps").stderr == "sundew: no system runs: start one with `sundew run`\n"


def test_several_consoles_and_other_verbs_go_on_at_once(systems):
    systems.run()
    one, two = systems.console(), systems.console()
    try:
        first = [each.stdout.readline() for each in (one, two)]
        assert sorted(first) == [b"session 1\n", b"session 2\n"]
        for number, each in enumerate((one, two)):
            each.stdin.write(b"%d" % number)
            each.stdin.flush()
        assert one.stdout.read(3) == b"<0>" and two.stdout.read(3) == b"<1>"
        for _ in range(5):
            assert systems.tool("ps", "-q").stdout == "debian\n"
        one.kill()
        one.wait()
        until(lambda: systems.tool("logs", "debian").stdout.startswith("[1") or systems.tool("logs", "debian").stdout.startswith("[2"))
        two.stdin.write(b"still")
        two.stdin.flush()
        assert two.stdout.read(7) == b"<still>"
    finally:
        for each in (one, two):
            each.kill()
            each.communicate()


def test_a_verb_that_waits_does_not_hold_up_others(systems):
    systems.run()
    waiting = subprocess.Popen(systems.command("rm", "debian"), env=systems.environment)
    try:
        assert systems.tool("ps", "-q").stdout == "debian\n"
        assert waiting.poll() is None
    finally:
        waiting.kill()
        waiting.wait()


def test_all_are_told_when_the_system_goes(systems):
    process = systems.run()
    console = systems.console()
    line = console.stdout.readline()
    assert line.startswith(b"session "), console.communicate(timeout=30)
    process.kill()
    process.wait()
    assert b"sundew: the connection to the system broke" in console.communicate(timeout=30)[1]
    assert console.returncode == 1


def test_all_are_told_when_the_system_s_console_service_begins_anew(systems):
    systems.run()
    console = systems.console()
    assert console.stdout.readline().startswith(b"session ")
    assert systems.tool("start", "anew").stdout == "anew: started\n"
    assert b"sundew: 'debian' failed: the system's console service has begun anew: try again\n" in console.communicate(timeout=60)[1]
    assert console.returncode == 1
    assert systems.tool("ps", "-q").stdout == "debian\n"  # the broker has greeted the new one


def broker_of(systems):
    """The process number of the one system's broker: `run` itself has become QEMU."""
    found = []
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue  # it has just ended
        if words[0] == os.fsencode(TOOL) and os.fsencode(systems.folder / "bundle") in words:
            found.append(int(process.name))
    assert len(found) == 1
    return found[0]


def test_what_a_system_says_last_is_heard_however_late_its_broker_looks(systems):
    process = systems.run(mode="last words")
    console = systems.console()
    assert console.stdout.readline() == b"attached\n"
    broker = broker_of(systems)
    os.kill(broker, signal.SIGSTOP)
    assert process.wait(60) == 7
    os.kill(broker, signal.SIGCONT)
    assert console.stdout.read() == b"last words\n"
    assert console.wait(60) == 1
    console.communicate()


def test_a_system_in_the_background_has_a_log(systems):
    done = systems.detach()
    log = systems.folder / "run/sundew/bundle.log"
    assert (done.returncode, done.stdout) == (0, f"bundle: runs in the background; what it says goes to {log}\n")
    assert "input: \n" in log.read_text()
    assert systems.tool("ps", "-q").stdout == "debian\n"
    assert systems.tool("shutdown").stdout == "system: shut down\n"
    until(lambda: "ends" in log.read_text())


def test_a_background_start_that_fails_shows_the_log(systems):
    done = systems.detach(mode="fails")
    assert done.returncode == 1
    assert "qemu: no such CPU model\n" in done.stderr and "sundew: the system has ended already: this is the end of its log" in done.stderr
    assert systems.tool("ps").stderr == "sundew: no system runs: start one with `sundew run`\n"


def test_several_systems_have_names(systems):
    assert systems.detach().returncode == 0
    assert systems.detach().stdout.startswith("bundle-2: runs")
    assert systems.detach(bundle="other").stdout.startswith("other: runs")
    assert systems.tool("ps").stderr == "sundew: several systems run: name one with --system: bundle, bundle-2, other\n"
    assert systems.tool("ps", "-q", "--system", "bundle-2").stdout == "debian\n"
    assert systems.tool("ps", "--system", "x").stderr == "sundew: no system 'x' runs: these do: bundle, bundle-2, other\n"
    for name in ("bundle-2", "bundle"):
        assert systems.tool("shutdown", "--system", name).returncode == 0
    until(lambda: systems.tool("ps", "-q").stdout == "debian\n")
    assert systems.detach().stdout.startswith("bundle: runs")  # the name is free again


def test_a_control_socket_can_be_anywhere(systems):
    path = systems.folder / "here,and there.sock"
    systems.run("--control", path)
    assert systems.tool("ps", "-q", "--control", path).stdout == "debian\n"
    again = systems.detach("--control", path)
    assert again.returncode == 1 and "another system has this socket: name another path with --control" in again.stderr
    (systems.folder / "file").write_text("mine")
    done = systems.detach("--control", systems.folder / "file")
    assert done.returncode == 1 and "is there and is no socket" in done.stderr and (systems.folder / "file").read_text() == "mine"
    done = systems.detach("--control", systems.folder / ("x" * 120))
    assert done.returncode == 1 and "too long for a socket" in done.stderr


def test_a_system_that_was_killed_leaves_nothing_in_the_way(systems):
    process = systems.run("--control", systems.folder / "s")
    process.kill()
    process.wait()
    assert systems.detach("--control", systems.folder / "s").returncode == 0
    assert systems.tool("ps", "-q", "--control", systems.folder / "s").stdout == "debian\n"
    os.kill(int((systems.folder / "s.lock").read_text()), signal.SIGKILL)


def test_shutdown_by_force_ends_a_system_that_does_not_answer(systems):
    process = systems.run(mode="mute")
    done = systems.tool("shutdown")
    assert done.returncode == 1 and "the system does not answer" in done.stderr
    assert systems.tool("shutdown", "--force").returncode == 0
    assert process.wait(30) == -signal.SIGTERM


def test_a_folder_that_is_someone_elses_is_refused(systems):
    (systems.folder / "run/sundew").mkdir(mode=0o777)
    (systems.folder / "run/sundew").chmod(0o777)
    done = systems.detach()
    assert done.returncode == 1 and "is not a folder that is yours alone" in done.stderr


def test_a_manifest_with_mistakes_starts_nothing(systems):
    (systems.folder / "bad.toml").write_text("[[vm]]\nnmae = 1\n")
    done = systems.tool("run", systems.folder / "bad.toml", "--qemu", FAKE)
    assert done.returncode == 1 and "did you mean 'name'?" in done.stderr
    until(lambda: not list((systems.folder / "run/sundew").glob("*.sock")))
