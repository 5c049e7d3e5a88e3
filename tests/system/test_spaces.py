# SPDX-License-Identifier: Apache-2.0
"""What sandboxes and functions need: programs without a kernel, pages, guests that come and go, processes, events."""
import pytest
from conftest import spaces

TESTS = {
    "program": ["program", "program-values", "guest-virtual"],
    "protect": ["protect"],
    "large-pages": ["large-pages"],
    "churn": ["churn"],
    "processes": ["processes"],
    "events": ["event-bits", "event-deadline", "mutex", "priority", "move"],
    "kick": ["kick-before", "kick", "kick-once"],
    "destroy-running": ["destroy-running"],
}


@pytest.mark.parametrize("harts", [1, 2, 4])
@pytest.mark.parametrize("test", TESTS)
def test_spaces(host, test, harts):
    result = host.run(spaces(test), harts=harts)
    for name in TESTS[test]:
        assert f"spaces: ok {name}\n" in result.console
    assert "FAILED" not in result.console and result.status == 0


def test_a_guest_of_1_gib_gets_one_page(host):
    result = host.run(spaces("huge-page", memory="1G"))
    assert "spaces: ok huge-page\n" in result.console and result.status == 0


@pytest.mark.parametrize("allowed", [[1], [0, 3], [2, 3]])
def test_a_machine_keeps_to_its_harts(host, allowed):
    result = host.run(spaces("harts", harts=allowed), harts=4)
    assert "spaces: ok harts\n" in result.console and result.status == 0


@pytest.mark.parametrize("harts", [1, 2])
def test_interrupts_of_a_device_of_the_host(host, harts):
    result = host.run(spaces("device", devices=["rtc@101000"]), harts=harts)
    assert "spaces: ok device\n" in result.console and result.status == 0


@pytest.mark.parametrize("hart", [0, 1, 3])
def test_interrupts_of_a_device_reach_the_hart_of_its_driver(host, hart):
    """Also one that firmware did not boot on: it closes their contexts of the PLIC when they start."""
    result = host.run(spaces("device", devices=["rtc@101000"], harts=[hart]), harts=4, timeout=60)
    assert "spaces: ok device\n" in result.console and result.status == 0


@pytest.mark.parametrize("test", ["program", "protect", "churn", "processes"])
def test_spaces_on_any_model(host, any_cpu, test):
    result = host.run(spaces(test), cpu=any_cpu)
    assert f"spaces: ok {test}\n" in result.console
    assert "FAILED" not in result.console and result.status == 0
