# SPDX-License-Identifier: Apache-2.0
"""Machines whose interrupts are messages, on a host that has an AIA: with interrupt files in hardware, and with models of
them where there are too few."""
import re

import pytest
from conftest import PLAIN, TARGET
from debian import boot, manifest

TESTS = ["registers", "registers that are not there", "messages to oneself", "messages to another hart", "a message on demand",
         "a device's interrupt", "messages to a hart that sleeps"]
MODELS = {"7": [PLAIN], "10": [PLAIN, "rva23s64"]}
A_FEW = {"7": [(PLAIN, 2)], "10": [("rva23s64", 2)]}  # more of Debian with an AIA is in test_debian


def pytest_generate_tests(metafunc):
    """With --rounds every model of harts with every number of vCPUs; else some of both."""
    qemu = metafunc.config.getoption("--qemu")
    if "cpus" in metafunc.fixturenames:
        every = [(cpu, cpus) for cpu in MODELS[qemu] for cpus in (1, 2, 4)]
        metafunc.parametrize("cpu, cpus", every if metafunc.config.getoption("--rounds") > 1 else A_FEW[qemu])
    elif "cpu" in metafunc.fixturenames:
        metafunc.parametrize("cpu", MODELS[qemu])


def aia(files):
    """What makes QEMU's machine one with so many guest interrupt files for each hart."""
    return ["-machine", f"aia=aplic-imsic,aia-guests={files}"]


def kernel(irqchip, name="aia"):
    """tests/system/aia_guest.cpp, which has two harts."""
    return (f'[[vm]]\nname = "{name}"\nkind = "machine"\ncpus = 2\nmemory = "16M"\nkernel = "{TARGET / "tests/test-aia.elf"}"\n'
            f'irqchip = "{irqchip}"\narguments = "statistics"\n')


def count(console, what):
    return int(re.search(rf"statistics: {what} (\d+)", console)[1])


def check(result, machines=1):
    for name in TESTS:
        assert result.console.count(f"ok {name}\n") == machines
    assert "FAILED" not in result.console and result.status == 0


def test_files_in_hardware_cost_no_exit_for_a_message(host, cpu):
    result = host.run(kernel("aia"), cpu=cpu, harts=2, more=aia(3))
    check(result)
    # The kernel sends and takes over 3,000 messages. It touches the UART and the APLIC a few times, and registers that
    # are not there.
    assert count(result.console, "exits-mmio") < 20
    assert count(result.console, "exits-virtual-instruction") < 20
    assert count(result.console, "answered-ipi") == 0


def test_a_hart_without_a_file_gets_a_model_of_one(host, cpu):
    result = host.run(kernel("aia"), cpu=cpu, harts=2, more=aia(0))
    check(result)
    assert count(result.console, "exits-mmio") > 1000  # messages
    assert count(result.console, "exits-virtual-instruction") > 1000


def test_harts_with_and_without_a_file_reach_one_another(host):
    """Both on one hart of the host, where each waits for the other's turn: that takes a while."""
    result = host.run(kernel("aia"), harts=1, more=aia(1))
    check(result)
    assert count(result.console, "exits-mmio") > 1000  # messages
    assert count(result.console, "exits-virtual-instruction") > 1000


def test_machines_share_the_files_of_a_hart(host):
    result = host.run(kernel("aia", "one"), kernel("aia", "two"), harts=2, more=aia(2))
    check(result, machines=2)
    exits = re.findall(r"statistics: exits-mmio (\d+)", result.console)
    assert len(exits) == 2 and all(int(each) < 40 for each in exits)


def test_a_host_without_an_aia_cannot_give_one(host):
    result = host.run(kernel("aia"), irqchip="plic")
    assert "key 'irqchip': 'aia': the host has no AIA" in result.console and result.status != 0


def boot_to_shell(host, cpu, cpus, irqchip, files, harts=2):
    text = manifest(disk=None, cpus=cpus, cmdline="earlycon=sbi console=hvc0", irqchip=f'"{irqchip}"', arguments='"statistics"')
    terminal = boot(host, text, cpu, harts, more=[f"--with={each}" for each in aia(files)])
    terminal.expect_initrd_shell()
    terminal.send("cat /proc/interrupts; echo the e''nd")
    terminal.expect("the end")
    return terminal, terminal.child.before


def power_off(terminal):
    terminal.send("poweroff -f")
    assert terminal.end() == 0
    return terminal.text()


def test_debian_takes_its_interrupts_as_messages(host, cpu, cpus):
    terminal, interrupts = boot_to_shell(host, cpu, cpus, "auto", 3)
    assert re.search(r"APLIC-MSI\S+ +\d+ Edge .* virtio0", interrupts) and "PLIC  " not in interrupts.replace("APLIC", "")
    if cpus > 1:  # a processor that comes back begins with an empty file
        for _ in range(2):
            terminal.send("cd /sys/devices/system/cpu/cpu1; echo 0 > online; echo 1 > online; taskset 2 true && echo is ba''ck")
            terminal.expect("is back")
    console = power_off(terminal)
    assert "providing IPIs using interrupt" in console
    assert count(console, "answered-ipi") == 0


def test_debian_runs_with_fewer_files_than_virtual_cpus(host):
    terminal, interrupts = boot_to_shell(host, PLAIN, 2, "aia", 1, harts=1)
    assert "APLIC-MSI" in interrupts
    power_off(terminal)


@pytest.mark.long_on("7")
@pytest.mark.parametrize("irqchip", ["plic", "auto"])
def test_a_host_with_too_few_files_gives_a_plic_unless_told(host, irqchip):
    terminal, interrupts = boot_to_shell(host, PLAIN, 2, irqchip, 1, harts=1)
    assert "SiFive PLIC" in interrupts
    power_off(terminal)


@pytest.mark.long_on("7")
def test_reboots_with_files_in_hardware(host):
    terminal, _ = boot_to_shell(host, PLAIN, 2, "auto", 3)
    terminal.send("reboot -f")
    terminal.expect_initrd_shell()
    power_off(terminal)
