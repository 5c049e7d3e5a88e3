# SPDX-License-Identifier: Apache-2.0
"""Machines with several vCPUs boot every time: no wake-up and no IPI gets lost, on more harts than vCPUs and on fewer."""
import pytest
from debian import PROMPT, boot, copy_of_root, manifest


def pytest_generate_tests(metafunc):
    rounds = metafunc.config.getoption("--rounds")
    metafunc.parametrize("attempt", range(rounds))


@pytest.mark.parametrize("harts", [1, 2, 4])
@pytest.mark.parametrize("cpus", [2, 4, 8])
def test_boots_to_the_shell_and_through_the_exercise(host, cpus, harts, attempt):
    copy_of_root(host.folder)
    terminal = boot(host, manifest(cpus=cpus), harts=harts)
    terminal.expect(PROMPT)
    assert "exercise: all ok" in terminal.run("exercise")
    terminal.send("poweroff")
    assert terminal.end() == 0
