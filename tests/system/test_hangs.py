# SPDX-License-Identifier: Apache-2.0
"""Machines with several vCPUs boot every time: no wake-up and no IPI gets lost, on more harts than vCPUs and on fewer."""
import itertools

from debian import PROMPT, boot, copy_of_root, manifest

ALL = list(itertools.product([2, 4, 8], [1, 2, 4]))
A_FEW = {"7": [(2, 1), (2, 4)], "10": [(4, 2), (8, 2)]}


def pytest_generate_tests(metafunc):
    """With --rounds every combination that often, with a PLIC at every other try; else a few of them once."""
    rounds = metafunc.config.getoption("--rounds")
    metafunc.parametrize("cpus, harts", ALL if rounds > 1 else A_FEW[metafunc.config.getoption("--qemu")])
    metafunc.parametrize("attempt", range(rounds))


def test_boots_to_the_shell_and_through_the_exercise(host, cpus, harts, attempt):
    copy_of_root(host.folder)
    irqchip = "plic" if attempt % 2 else "auto"
    terminal = boot(host, manifest(cpus=cpus, irqchip=f'"{irqchip}"'), harts=harts)
    terminal.expect(PROMPT)
    assert "exercise: all ok" in terminal.run("exercise")
    terminal.send("poweroff")
    assert terminal.end() == 0
