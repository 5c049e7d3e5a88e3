# SPDX-License-Identifier: Apache-2.0
"""A newcomer types what README.md shows, and sees what it shows."""
import os
import re
import subprocess

from conftest import ROOT
from debian import Terminal, cache, fsck

GUEST, HOST = "root@debian:~# ", "$ "
# What differs from run to run; all else is to be as it stands there.
VARIES = [
    (r"\[ *\d+\.\d+\]", r"\[ *\d+\.\d+\]"),  # the kernel's clock
    (r"\d+\.\d+ s\b", r"\d+\.\d+ s"),
    (r"\b\d+s\b", r"\d+s"),  # since when
    (r"\b6\.12\.\d+", r"6\.12\.\d+"),  # Debian's point releases
    (r"\b13\.\d+\b", r"13\.\d+"),
    (r"\(\d{4}-\d\d-\d\d\)", r"\(\d{4}-\d\d-\d\d\)"),
]


def sessions():
    """The blocks that show a terminal: each a list of (prompt, command, output that follows)."""
    for language, block in re.findall(r"^```(\w*)\n(.*?)^```$", (ROOT / "README.md").read_text(), re.M | re.S):
        if language:
            continue
        parts = re.split(r"^(root@debian:~# |\$ )(.*)\n?", block, flags=re.M)
        if len(parts) > 1:
            yield parts[0], list(zip(parts[1::3], parts[2::3], parts[3::3]))


def pattern(text):
    """What matches a text as README shows it, up to what varies, the widths of columns and a terminal's line ends."""
    found = re.split("|".join(f"({shape})" for shape, _ in VARIES), text)
    result = ""
    for i, piece in enumerate(found):
        place = i % (len(VARIES) + 1)
        if piece is not None:
            result += re.sub(r"(\\ |\\\n|\n)+", lambda m: r"\s+" if "\n" in m[0] else " +", re.escape(piece)) if place == 0 else VARIES[place - 1][1]
    return result


def test_patterns_match_what_varies_and_nothing_else():
    line = "debian  running  43s    2     512M    0,1    0\n"
    assert re.match(pattern(line), "debian   running  7s  2     512M    0,1    0\r\n")
    assert not re.match(pattern(line), "debian   running  7s  1     512M    0,1    0\r\n")
    assert re.match(pattern("[    2.314133] virtio_blk virtio0\n"), "[   12.999999] virtio_blk virtio0\r\n")


def test_the_readme_shows_what_happens(tmp_path, monkeypatch):
    folder = tmp_path / "cache"
    subprocess.run(["cp", "-rs", cache().parent, folder], check=True)
    disk = folder / "debian/disk.ext4"
    disk.unlink(missing_ok=True)
    subprocess.run(["cp", "--sparse=always", cache() / "root.ext4", disk], check=True)
    monkeypatch.setenv("SUNDEW_CACHE", str(folder))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    shown = list(sessions())
    run = next(commands for _, commands in shown if commands[0][1] == "./sundew run")
    greeting, in_guest = next((before, commands) for before, commands in shown if commands[0][0] == GUEST)
    _, beside = next((before, commands) for before, commands in shown if commands[0][1] == "./sundew ps")
    assert run == [(HOST, "./sundew run", "")] and in_guest[-1] == (GUEST, "poweroff", "")

    terminal = Terminal([ROOT / "sundew", "run"], tmp_path)
    for line in greeting.splitlines():
        terminal.expect(pattern(line))
    terminal.expect(re.escape(GUEST))
    for _, command, output in in_guest[:-1]:
        terminal.send(command)
        terminal.expect(re.escape(command) + r"\s+" + r"(\x1b\[\?2004l\s*)?" + pattern(output))
        terminal.expect(re.escape(GUEST))
    for prompt, command, output in beside:
        assert prompt == HOST
        done = subprocess.run(command, shell=True, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=300)
        said = done.stdout.decode()
        assert done.returncode == 0 and re.fullmatch(pattern(output), said), f"{command}:\n{said}\nREADME.md has:\n{output}"
    terminal.send("poweroff")
    assert terminal.end() == 0
    fsck(disk)
    assert not [each for each in os.listdir(tmp_path / "sundew") if each.endswith(".sock")]
