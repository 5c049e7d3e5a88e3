# SPDX-License-Identifier: Apache-2.0
"""A machine's firmware, as a kernel meets it (tests/system/sbi_guest.cpp)."""
import pytest
from conftest import PLAIN, TARGET, TOOL
from debian import Terminal

TESTS = ["base", "time", "hart-state", "suspend", "remote-fence", "console", "counters", "legacy", "features", "reset-errors", "system-suspend", "ipi"]


def write_manifest(host, test, irqchip="plic"):
    manifest = host.folder / "sbi.toml"
    manifest.write_text(f'[[vm]]\nname = "sbi"\nkind = "machine"\ncpus = 3\nmemory = "16M"\nkernel = "{TARGET / "tests/test-sbi.elf"}"\n'
                        f'irqchip = "{irqchip}"\ncmdline = "test={test}"\n')
    return manifest


def run(host, test, cpu=PLAIN, harts=2):
    return host.boot(write_manifest(host, test), cpu=cpu, harts=harts)


def check_all(result):
    for name in TESTS:
        assert f"ok {name}\n" in result.console
    assert "FAILED" not in result.console and result.status == 0


def test_every_call_is_answered_as_the_specification_says(host, qemu, any_cpu):
    result = run(host, "all", any_cpu)
    check_all(result)
    if qemu == "10" and any_cpu in (PLAIN, "max"):
        assert "offered: hardware updating\n" in result.console


@pytest.mark.parametrize("harts", [1, 4])
def test_however_many_harts_the_host_has(host, harts):
    check_all(run(host, "all", harts=harts))


def test_with_an_aia(host):
    """Whose harts suspend, stop and start with an interrupt file of the host's each."""
    check_all(host.boot(write_manifest(host, "all", irqchip="aia"), irqchip="aia"))


def test_without_sstc(host):
    check_all(run(host, "all", f"{PLAIN},sstc=false"))


def test_a_hart_that_waits_by_wrs_nto_gives_its_host_s_hart_away(host, qemu):
    if qemu == "7":
        pytest.skip("QEMU 7 has no Zawrs")
    result = host.boot(write_manifest(host, "wait-on-reservation"), cpu="rva23s64", harts=1, more=["-icount", "shift=0,sleep=off"])
    assert "ok wait-on-reservation\n" in result.console and result.status == 0


def test_harts_that_spin_for_one_another_on_one_wait_for_short_slices(host):
    """Linux's locks go round by tickets: without Zawrs each turn costs a slice, and a line on the console several."""
    result = host.boot(write_manifest(host, "wait-by-spinning"), cpu=PLAIN, harts=1, more=["-icount", "shift=0,sleep=off"])
    assert "ok wait-by-spinning\n" in result.console and result.status == 0


def test_a_line_said_slowly_is_one_line_among_those_of_others(host):
    manifest = write_manifest(host, "slow-line")
    one = manifest.read_text()
    manifest.write_text(one + one.replace('"sbi"', '"other"'))
    result = host.boot(manifest, harts=1, more=["-icount", "shift=4,sleep=off"])
    assert result.console.count("| the first half and the second") == 2 and result.status == 0


def test_a_long_write_comes_out_whole(host):
    console = run(host, "all").console
    assert f"begin{'.' * 3990}end\n" in console


def test_reboots_cold_and_warm(host):
    result = run(host, "reboot")
    assert result.console.count("rebooting\n") == 2 and "ok reboot\n" in result.console and result.status == 0


def test_a_shutdown_tells_whether_it_was_well(host):
    assert run(host, "legacy-shutdown").status == 0
    assert run(host, "failure").status != 0


def test_what_is_typed_is_read_without_a_gap(host):
    terminal = Terminal([TOOL, "run", write_manifest(host, "echo"), "--qemu", host.qemu], host.folder)
    terminal.expect("type\r")
    text = "".join(str(number % 10) for number in range(100))
    for at in range(0, len(text), 50):  # more than fits into the serial port's FIFO
        terminal.child.send(text[at:at + 50])
        terminal.expect(text[at:at + 50])
    terminal.child.send(".")
    assert terminal.end() == 0
