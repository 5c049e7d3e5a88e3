# SPDX-License-Identifier: Apache-2.0
"""Monitors and guests that attack: they get an error, an exit or their own death; all others run on."""
import re

import pytest
from conftest import HELLO, TARGET, guest, hostile

DEATHS = """read-nucleus write-nucleus jump-nucleus read-nothing read-null jump-nothing read-noncanonical write-code write-startup execute-data
illegal supervisor-csr hypervisor-csr sret fence guest-fence guest-load float vector breakpoint stack bounds""".split()
FAILURES = ["heap", "exit"]
OTHER = guest("wfi", name="other")


def test_the_list_of_deaths_is_whole(host):
    result = host.run(hostile("list"))
    assert sorted(re.findall(r"death (\S+)", result.console)) == sorted(DEATHS + FAILURES)


@pytest.mark.parametrize("group", range(0, len(DEATHS), 4))
def test_a_monitor_that_breaks_the_rules_dies_alone(host, group):
    acts = DEATHS[group:group + 4]
    result = host.run(*[hostile(act, name=act) for act in acts], OTHER, HELLO)
    for act in acts:
        found = re.search(rf"manager: {act}: died: cause (0x\w+) pc (0x\w+) tval (0x\w+|0)", result.console)
        assert found, f"{act} is not reported"
        assert len(re.findall(rf"manager: {act}: x\d\d ", result.console)) == 8  # all registers
    assert "alive" not in result.console
    assert "ok taken" in result.console and "Hello from a guest" in result.console
    assert result.status != 0  # since not all ended well
    left, start = result.pool_pages()
    assert start - left <= 2  # page tables of the manager's own, for small and for large mappings; not a page for each machine


@pytest.mark.parametrize("act", FAILURES)
def test_a_monitor_that_fails_is_reported(host, act):
    result = host.run(hostile(act), HELLO)
    assert "manager: hostile: exited with status 1" in result.console and "Hello from a guest" in result.console
    assert result.status != 0


def test_the_last_thread_takes_its_process_along(host):
    result = host.run(hostile("end-of-thread"), HELLO)
    assert "died" not in result.console and result.status == 0


@pytest.mark.parametrize("act", ["calls", "exhaust", "random"])
def test_wrong_system_calls_get_error_codes(host, any_cpu, act):
    result = host.run(hostile(act), OTHER, HELLO, cpu=any_cpu)
    assert f"hostile: ok {act}\n" in result.console
    assert "FAILED" not in result.console and "ok taken" in result.console and result.status == 0


@pytest.mark.parametrize("harts", [1, 2])
def test_a_monitor_that_misuses_its_interrupt_file_harms_nobody(host, harts):
    kernel = str(TARGET / "tests/test-aia.elf")
    machine = f'[[vm]]\nname = "aia"\nkind = "machine"\ncpus = 2\nmemory = "16M"\nkernel = "{kernel}"\nirqchip = "aia"\n'
    result = host.run(hostile("interrupt-file", kernel=kernel, irqchip="aia"), machine, OTHER, HELLO, harts=harts, irqchip="aia")
    assert "hostile: ok interrupt-file\n" in result.console and result.console.count("ok messages") == 3
    assert "FAILED" not in result.console and "ok taken" in result.console and result.status == 0


@pytest.mark.parametrize("harts", [1, 2])
def test_a_spinning_monitor_does_not_stop_others(host, harts):
    result = host.run(hostile("spin"), HELLO, harts=harts)
    text = result.console
    assert text.index("hello: the guest has shut down") < text.index("hostile: ok spin")
    assert result.status == 0


GUESTS = {
    "jump-nowhere": "guest page fault at gpa:0xdead0000, fetch",
    "load-nowhere": "access to gpa:0xdead0000, where nothing is",
    "store-nowhere": "access to gpa:0xdead0000, where nothing is",
    "jump-device": "guest page fault at gpa:0x10000000, fetch",
    "wild-table": "guest page fault at gpa:0xdead00",
}


@pytest.mark.parametrize("act", GUESTS)
def test_a_hostile_guest_exits_to_its_monitor(host, any_cpu, act):
    result = host.run(guest(act), OTHER, HELLO, cpu=any_cpu)
    assert f"guest: exit: cpu 0: {GUESTS[act]}" in result.console
    assert "ok taken" in result.console and "Hello from a guest" in result.console
