# SPDX-License-Identifier: Apache-2.0
"""A machine whose guest attacks it from inside ends as it wants to, and nobody beside it notices."""
import pytest
from conftest import HELLO, TARGET, guest

PARTS = "fetch nothing misaligned instructions tables code registers rings size astray".split()


def machine(host):
    """A hostile one, with a disk of the host's and one in RAM."""
    (host.folder / "disk.img").write_bytes(bytes(8 << 20))
    (host.folder / "ram.img").write_bytes(bytes(4 << 20))
    return f'''[[vm]]
name = "hostile"
kind = "machine"
cpus = 4
memory = "32M"
kernel = "{TARGET / 'tests/hostile-guest.elf'}"
disk = ["disk.img", {{file = "ram.img", ram = true}}]
'''


@pytest.mark.parametrize("cpu", ["rv64,h=true", "rva23s64"])
def test_a_guest_that_attacks_its_machine_ends_only_itself(host, qemu, cpu):
    if qemu == "7" and cpu != "rv64,h=true":
        pytest.skip("this QEMU has no such harts")
    result = host.run(machine(host), guest("wfi", name="other"), HELLO, cpu=cpu, harts=4, memory="1G", timeout=600)
    console = result.console
    for part in PARTS:
        assert f"ok {part}\n" in console, f"the part '{part}' did not end well"
    assert "FAILED" not in console and "died" not in result.console and "hostile: exited" not in result.console
    assert "ok taken" in result.console and "Hello from a guest" in result.console
    assert result.status == 0
