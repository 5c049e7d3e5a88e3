# SPDX-License-Identifier: Apache-2.0
"""The teaching kernel (guests/teaching), in a machine and on bare QEMU: the same words to its shell, the same answers."""
import re
import shlex
import subprocess

import pytest
from conftest import MODELS, PLAIN, ROOT, TARGET, TOOL
from debian import Terminal

KERNEL = TARGET / "images/teaching"
PROMPT = "(?<![^\n])> "  # at the beginning of a line
MOTTO = "Sundew lives by its traps.\n"
NUMBERS = "".join(f"{number}\n" for number in range(1, 401))  # four sectors, the last not full


def pytest_generate_tests(metafunc):
    if "cpu" in metafunc.fixturenames:
        models = [each for each in MODELS[metafunc.config.getoption("--qemu")] if each != "max"]
        metafunc.parametrize("cpu", [*models, f"{PLAIN},sstc=false"])


def archive(folder, *arguments):
    return subprocess.check_output(["tar", "-f", folder / "disk.tar", *arguments], cwd=folder, text=True)


@pytest.fixture
def disk(host):
    (host.folder / "motto.txt").write_text(MOTTO)
    (host.folder / "numbers.txt").write_text(NUMBERS)
    archive(host.folder, "-c", "motto.txt", "numbers.txt")
    subprocess.run(["truncate", "-s", "64K", host.folder / "disk.tar"], check=True)
    return host.folder / "disk.tar"


def write_manifest(host, disks='disk = ["disk.tar"]'):
    (host.folder / "teaching.toml").write_text(
        f'[[vm]]\nname = "teaching"\nkind = "machine"\nmemory = "16M"\nkernel = "{KERNEL}"\n{disks}\n')


def in_a_machine(host, cpu=PLAIN, harts=2, **more):
    write_manifest(host, **more)
    return Terminal([TOOL, "run", "teaching.toml", "--qemu", host.qemu, "--cpu", cpu, "--harts", harts], host.folder)


def on_bare_qemu(host, cpu):
    """As above, but the kernel is where the nucleus was."""
    write_manifest(host)
    words = shlex.split(host.tool("run", "teaching.toml", "--qemu", host.qemu, "--cpu", cpu, "--print-command").console)
    words[words.index("-kernel") + 1] = KERNEL
    at = words.index("-initrd")
    return Terminal(words[:at] + words[at + 2:], host.folder)


def session(terminal, *commands):
    """What the shell answers to each command, to its next prompt."""
    answers = []
    for command in commands:
        terminal.child.send(command + "\r")
        terminal.expect(re.escape(command) + "\r*\n")
        terminal.expect(PROMPT)
        answers.append(terminal.child.before.replace("\r", ""))
    return answers


def end(terminal):
    terminal.child.send("exit\r")
    terminal.expect("teaching kernel: the shell has ended")
    assert terminal.end() == 0


COMMANDS = {
    "hello": "Hello from user mode.\n",
    "ls": f"motto.txt {len(MOTTO)}\nnumbers.txt {len(NUMBERS)}\n",
    "readfile motto.txt": MOTTO,
    "readfile numbers.txt": NUMBERS,
    "readfile nothing": "nothing: no such file\n",
    "writefile new.txt some words": "",
    "readfile new.txt": "some words\n",
    "writefile motto.txt changed": "",
    "readfile  motto.txt": " motto.txt: no such file\n",
    "nap me": "me 1\nme 2\nme 3\n",
    "nonsense": "nonsense: cannot be started, try help\n",
}
BAD = {
    "bad pointer": "store page fault 0x80200000",
    "bad code": "store page fault 0x40000000",
    "bad instruction": "illegal instruction 0x0",
    "bad privilege": "illegal instruction 0x[0-9a-f]+",
    "bad jump": "instruction page fault 0x80200000",
}


def run_transcript(terminal):
    """The same everywhere."""
    terminal.expect("teaching kernel: 256 pages, a disk of 128 sectors\r*\n")
    terminal.expect(PROMPT)
    assert session(terminal, *COMMANDS) == list(COMMANDS.values())
    assert "\nwritefile FILE TEXT  makes a file of one line\n" in session(terminal, "help")[0]
    before, *endings, after = session(terminal, "ps", *BAD, "ps")
    for ending, (command, fault) in zip(endings, BAD.items(), strict=True):
        assert re.fullmatch(rf"process \d+ \({command}\) ended: {fault} at pc 0x[0-9a-f]+\n", ending)
    assert re.fullmatch(r"1 waiting shell\n\d+ ready ps\n\d+ pages are free\n", before)
    assert re.sub(r"\d+ ready", "", before) == re.sub(r"\d+ ready", "", after)  # nothing of them is left
    assert session(terminal, "bad call") == ["all was refused\n"]
    lines = session(terminal, "turns")[0].splitlines()
    for name in ("one", "other"):
        assert [line for line in lines if line.startswith(f"{name} ")] == [f"{name} {round}" for round in (1, 2, 3)]
    assert len(lines) == 6 and lines.index("one 1") < lines.index("other 3") and lines.index("other 1") < lines.index("one 3")
    end(terminal)


def check_disk(folder):
    assert archive(folder, "-t").split() == ["numbers.txt", "new.txt", "motto.txt"]
    assert archive(folder, "-x", "-O", "numbers.txt") == NUMBERS
    assert archive(folder, "-x", "-O", "new.txt") == "some words\n"
    assert archive(folder, "-x", "-O", "motto.txt") == "changed\n"


def test_does_everything_in_a_machine(host, cpu, disk):
    run_transcript(in_a_machine(host, cpu))
    check_disk(host.folder)


def test_does_everything_on_the_only_hart_of_the_host(host, disk):
    """Where the kernel waits for the disk in a loop on the hart that its monitor serves the disk with."""
    run_transcript(in_a_machine(host, harts=1))
    check_disk(host.folder)


def test_does_the_same_without_a_hypervisor(host, disk):
    run_transcript(on_bare_qemu(host, "rv64,h=false"))
    check_disk(host.folder)


def test_a_full_disk_takes_no_more_and_keeps_what_it_has(host, disk):
    disk.write_bytes(disk.read_bytes()[:9 * 512])  # 6 sectors are in use, and 2 end the archive
    terminal = in_a_machine(host)
    terminal.expect(PROMPT)
    assert session(terminal, "writefile new.txt words", "writefile motto.txt changed", "ls") == [
        "new.txt: cannot be written\n", "", f"numbers.txt {len(NUMBERS)}\nmotto.txt 8\n"]
    end(terminal)
    assert archive(host.folder, "-x", "-O", "motto.txt") == "changed\n"


def test_runs_without_a_disk(host):
    terminal = in_a_machine(host, disks="")
    terminal.expect("a disk of 0 sectors")
    terminal.expect(PROMPT)
    assert session(terminal, "ls", "readfile motto.txt", "writefile motto.txt x") == [
        "", "motto.txt: no such file\n", "motto.txt: cannot be written\n"]
    end(terminal)


def test_the_example_is_in_order(host):
    assert host.tool("check", ROOT / "examples/teaching/teaching.toml").status == 0
