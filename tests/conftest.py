# SPDX-License-Identifier: Apache-2.0
"""Whole systems under QEMU: write a manifest, run it with the tool, look at the console."""
import json
import pathlib
import re
import subprocess
from dataclasses import dataclass

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
TOOL = ROOT / "build/host/cli/sundew"
TARGET = ROOT / "build/target"
PLAIN = "rv64,h=true"
IRQCHIPS = {"7": "plic", "10": "aia"}  # the host's, unless a test says: each has one QEMU's whole run
MODELS = {"7": [PLAIN], "10": [PLAIN, "rva23s64", "max"]}


def pytest_addoption(parser):
    parser.addoption("--qemu", default="7", choices=MODELS, help="which QEMU to run systems on")
    parser.addoption("--rounds", default=1, type=int, help="how often tests that look for rare faults try")


def pytest_configure(config):
    config.addinivalue_line("markers", "long_on(qemu): on this QEMU only with --rounds; the plain run has it on the other")


def pytest_collection_modifyitems(config, items):
    if config.getoption("--rounds") > 1:
        return
    left_out = [item for item in items if any(config.getoption("--qemu") == mark.args[0] for mark in item.iter_markers("long_on"))]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if item not in left_out]


def pytest_generate_tests(metafunc):
    if "any_cpu" in metafunc.fixturenames:
        metafunc.parametrize("any_cpu", MODELS[metafunc.config.getoption("--qemu")])


@dataclass
class Result:
    status: int
    console: str

    def after_firmware(self):
        """What Sundew and its guests wrote."""
        return re.sub(r"(?s)\A.*Boot HART MEDELEG[^\n]*\n", "", self.console)

    def pool_pages(self):
        """Pages of the nucleus's pool that are free at the end, and at the start."""
        found = re.search(r"pool pages left (\d+), at the start (\d+)", self.console)
        assert found, "the manager did not come to its end"
        return int(found[1]), int(found[2])


def vm(name, monitor, image=None, **more):
    """One [[vm]] table."""
    keys = {"name": name, "monitor": monitor, **({"image": image} if image else {}), **more}
    text = "[[vm]]\n"
    for key, value in keys.items():
        text += f"{key} = {json.dumps(value)}\n"
    return text


def guest(test, name="guest", cpus=1, **more):
    """A machine whose test guest does `test` (tests/system/guest.cpp)."""
    return vm(name, "test-firmware", "test-guest", **{"arguments": test, "cpus": cpus, "memory": "4M", "heap": "1M", "quota": 100, **more})


def spaces(test, **more):
    """A monitor that does `test` itself (tests/system/spaces.cpp)."""
    return vm("spaces", "test-spaces", "test-program", **{"arguments": test, "memory": "4M", "heap": "1M", "quota": 300, **more})


def hostile(act, name="hostile", **more):
    """A monitor that attacks in the way `act` (tests/hostile/monitor.cpp)."""
    return vm(name, "test-hostile", "test-program", **{"arguments": act, "memory": "4M", "heap": "1M", "quota": 100, **more})


HELLO = vm("hello", "hello", "hello-guest")


class Host:
    """Runs things on one of the two QEMUs."""

    def __init__(self, folder, qemu):
        self.folder, self.qemu, self.irqchip = folder, qemu, IRQCHIPS[qemu]

    executable = TOOL

    def tool(self, *words, timeout=300):
        done = subprocess.run([str(self.executable), *map(str, words)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              timeout=timeout, cwd=self.folder)
        text = done.stdout.decode(errors="replace").replace("\r\n", "\n")
        print(text)  # shown if the test fails
        return Result(done.returncode, text)

    def manifest(self, *machines):
        file = self.folder / "manifest.toml"
        file.write_text("".join(machines))
        return file

    def boot(self, what, harts=2, cpu=PLAIN, memory=None, more=(), timeout=300, irqchip=None):
        """Runs a manifest or, as ["--bundle", file], a bundle until the machine is off."""
        words = ["run", *(what if isinstance(what, list) else [what]), "--qemu", self.qemu, "--harts", harts, "--cpu", cpu,
                 "--irqchip", irqchip or self.irqchip]
        if memory:
            words += ["--memory", memory]
        for each in more:
            words.append(f"--with={each}")
        try:
            return self.tool(*words, timeout=timeout)
        except subprocess.TimeoutExpired as late:
            print((late.stdout or b"").decode(errors="replace"))
            raise

    def run(self, *machines, **how):
        return self.boot(self.manifest(*machines), **how)


@pytest.fixture
def host(tmp_path, request):
    return Host(tmp_path, request.config.getoption("--qemu"))


@pytest.fixture
def qemu(request):
    return request.config.getoption("--qemu")
