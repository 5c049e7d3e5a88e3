# SPDX-License-Identifier: Apache-2.0
"""The nucleus boots on every machine that it is for, and says no to others."""
import concurrent.futures
import subprocess

import pytest
from conftest import HELLO, PLAIN, TOOL, guest

HELLO_TEXT = "Hello from a guest in VS-mode!"


@pytest.mark.parametrize("harts", [1, 2, 4, 8])
def test_boots_on_any_number_of_harts(host, any_cpu, harts):
    result = host.run(HELLO, harts=harts, cpu=any_cpu)
    assert HELLO_TEXT in result.console and result.status == 0


@pytest.mark.parametrize("memory", ["64M", "96M", "1G", "4G"])
def test_boots_with_any_amount_of_memory(host, memory):
    result = host.run(HELLO, memory=memory)
    assert HELLO_TEXT in result.console and result.status == 0


@pytest.mark.parametrize("harts", [2, 4, 8])
def test_runs_a_guest_with_a_vcpu_on_every_hart(host, harts):
    result = host.run(guest(f"harts harts={harts}", cpus=harts), harts=harts)
    assert "ok harts" in result.console and result.status == 0


@pytest.mark.parametrize("cpu", [f"{PLAIN},sstc=false", f"{PLAIN},svadu=false", f"{PLAIN},v=true", f"{PLAIN},v=true,vlen=512",
                                 f"{PLAIN},sv48=false,sv57=false"])
def test_boots_on_harts_that_lack_something(host, qemu, cpu):
    if qemu == "7" and ("sv48" in cpu or "svadu" in cpu):
        pytest.skip("QEMU 7.2 cannot leave that out")
    result = host.run(HELLO, cpu=cpu)
    assert HELLO_TEXT in result.console and result.status == 0


def test_boots_on_another_hart_than_the_first(host, qemu):
    if qemu == "7":
        pytest.skip("the OpenSBI of QEMU 7.2 does not let one choose the boot hart")
    words = [TOOL, "run", host.manifest(HELLO), "--qemu", qemu, "--irqchip", "plic", "--harts", "4", "--print-command"]
    machine = subprocess.check_output(words, text=True).split()
    blob, source = host.folder / "virt.dtb", host.folder / "virt.dts"
    machine[machine.index("virt")] = f"virt,dumpdtb={blob}"
    at = machine.index("-initrd")
    del machine[at:at + 2]
    subprocess.run(machine, check=True, stderr=subprocess.DEVNULL, timeout=60)
    text = subprocess.check_output(["dtc", "-I", "dtb", "-O", "dts", "-q", blob], text=True)
    phandle = int(text.split("cpu@2 {")[1].split("phandle = <")[1].split(">")[0], 16)
    config = f'opensbi-config {{ compatible = "opensbi,config"; cold-boot-harts = <{phandle}>; }};'
    source.write_text(text + f"/ {{ chosen {{ {config} }}; }};\n")
    subprocess.run(["dtc", "-q", "-I", "dts", "-O", "dtb", "-o", blob, source], check=True)
    result = host.run(HELLO, harts=4, irqchip="plic", more=["-dtb", str(blob)])
    assert "Boot HART ID                : 2" in result.console
    assert HELLO_TEXT in result.console and result.status == 0


def test_boots_again_and_again_on_a_machine_that_is_busy(host):
    """Firmware that is interrupted between two steps of starting a hart may start it at the wrong place."""
    manifest = host.manifest(HELLO)
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        results = list(pool.map(lambda _: host.boot(manifest, harts=4), range(48)))
    assert all(HELLO_TEXT in result.console and result.status == 0 for result in results)


def test_boots_on_a_machine_with_aia_in_place_of_a_plic(host):
    result = host.run(HELLO, more=["-M", "virt,aia=aplic-imsic"])
    assert HELLO_TEXT in result.console and result.status == 0


def test_refuses_a_machine_without_the_hypervisor_extension(host):
    result = host.run(HELLO, cpu="rv64,h=false")
    assert result.after_firmware().strip() == ("nucleus: this hart has no hypervisor extension (H with Sv39x4): start the machine with one, "
                                               "on QEMU with -cpu rv64,h=true")


def test_tells_of_a_missing_bundle(host):
    empty = host.folder / "empty"
    empty.write_bytes(b"")
    result = host.boot(["--bundle", empty])
    assert "manager: there is no bundle" in result.console and result.status != 0
