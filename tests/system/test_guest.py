# SPDX-License-Identifier: Apache-2.0
"""What guests rely on: timers, interrupts, fences, devices, units; alone and beside others."""
import re

import pytest
from conftest import HELLO, PLAIN, guest

ONE_CPU = {
    "timer": ["timer", "timer-past"],
    "wfi": ["wfi", "pending", "taken"],
    "suspend": ["suspend", "pending", "taken"],
    "mmio": ["mmio-stores", "mmio-loads"],
    "mmio-paged": ["mmio-stores", "mmio-loads"],
    "illegal": ["illegal-instruction", "machine-csr", "hypervisor-csr", "hypervisor-fence", "hypervisor-load"],
    "paging-fault": ["own-page-fault", "own-fetch-fault"],
    "wild-calls": ["wild-calls"],
}


def check(result, *names):
    for name in names:
        assert f"ok {name}\n" in result.console
    assert "FAILED" not in result.console and result.status == 0


@pytest.mark.parametrize("test", ONE_CPU)
def test_one_virtual_cpu(host, any_cpu, test):
    check(host.run(guest(test), cpu=any_cpu), *ONE_CPU[test])


@pytest.mark.parametrize("test", ["timer", "wfi", "suspend"])
def test_timers_without_sstc(host, test):
    check(host.run(guest(test), cpu=f"{PLAIN},sstc=false"), *ONE_CPU[test])


@pytest.mark.parametrize("harts", [1, 2, 4])
@pytest.mark.parametrize("test, cpus, names", [("ipi harts=3", 3, ["ipi-self", "ipi-bad-hart", "ipi"]),
                                               ("remote-fence", 2, ["remote-fence", "remote-fence-bad-hart"]),
                                               ("remote-fence-i", 2, ["remote-fence-i"])])
def test_several_virtual_cpus(host, any_cpu, test, cpus, names, harts):
    check(host.run(guest(test, cpus=cpus), harts=harts, cpu=any_cpu), *names)


def test_more_virtual_cpus_than_harts(host):
    check(host.run(guest("ipi harts=8", cpus=8), harts=2), "ipi")


@pytest.mark.parametrize("harts", [1, 2])
def test_two_guests_at_once(host, harts):
    result = host.run(guest("ipi harts=2", name="one", cpus=2), guest("wfi", name="two"), HELLO, harts=harts)
    check(result, "ipi", "wfi")
    assert "Hello from a guest" in result.console


@pytest.mark.parametrize("model", [PLAIN, f"{PLAIN},v=true", f"{PLAIN},v=true,vlen=512"])
def test_float_and_vector_registers_are_each_guests_own(host, model):
    result = host.run(guest("units", name="one"), guest("units", name="two"), guest("units", name="three"), harts=1, cpu=model)
    assert result.console.count("ok float-and-vector\n" if "v=true" in model else "ok float\n") == 3
    assert "FAILED" not in result.console and result.status == 0


@pytest.mark.parametrize("harts", [1, 2])
def test_a_spinning_guest_is_preempted_and_can_be_kicked(host, harts):
    result = host.run(guest("spin kick=3000", name="spinner"), guest("wfi", name="other"), HELLO, harts=harts)
    check(result, "wfi")
    text = result.console
    assert "Hello from a guest" in text and "spinner: cpu 0 was kicked" in text
    assert text.index("ok wfi") < text.index("spinner: cpu 0 was kicked")  # it did not wait for the spinner


def test_equal_priorities_share_a_hart_equally(host):
    result = host.run(guest("share", name="one"), guest("share", name="two"), harts=1, more=["-icount", "shift=4,sleep=off"])
    shares = [int(each) for each in re.findall(r"share (\d+)", result.console)]
    assert len(shares) == 2 and result.status == 0
    assert abs(shares[0] - shares[1]) < 0.1 * max(shares)


def test_a_higher_priority_goes_first(host):
    result = host.run(guest("share", name="low", priority=10), guest("share", name="high", priority=200), harts=1,
                      more=["-icount", "shift=4,sleep=off"])
    order = re.findall(r"manager|(low|high): the guest has ended", result.console)
    assert [each for each in order if each] == ["high", "low"] and result.status == 0
