# SPDX-License-Identifier: Apache-2.0
"""Bad input gets one clear line that names the file, the key and the remedy; and nothing is half started."""
import re

import pytest
from conftest import HELLO, TARGET, vm

NOTHING_RAN = "Hello from a guest"


def test_a_good_manifest_is_praised(host):
    result = host.tool("check", host.manifest(HELLO))
    assert result.console.endswith("manifest.toml: all is well, 1 machine\n") and result.status == 0


@pytest.mark.parametrize("text, complaint", [
    ("[[vm]]\nname = \"a\"\nmonitor = \"hello\"\nmemroy = \"2M\"\n", "4:1: there is no key 'memroy': did you mean 'memory'?"),
    ("[[vm]]\nname = \"a\"\nmonitor = \"hello\"\nmemory = \"2T\"\n", "4:10: key 'memory': write bytes, or a text such as \"64M\""),
    ("[[vm]]\nname = \"a\"\nmonitor = \"hello\"\nmemory = 5000\n", "4:10: key 'memory': write bytes"),
    ("[[vm]]\nname = \"a\"\nmonitor = \"hello\"\ncpus = 9\n", "4:8: key 'cpus': write a number from 1 to 8"),
    ("[[vm]]\nname = \"A b\"\nmonitor = \"hello\"\n", "2:8: key 'name': write 1 to 31"),
    ("[[vm]]\nname = \"a\"\nmonitor = \"nope\"\n", "3:11: key 'monitor': "),
    ("[[vm]]\nname = \"a\"\nmonitor = \"hello\"\nimage = \"nope\"\n", "4:9: key 'image': "),
    ("[[vm]]\nname = \"a\"\nmonitor = \"hello\"\nharts = [64]\n", "4:9: key 'harts': "),
    ("[[vm]]\nname = \"a\"\n", "1:1: a [[vm]] needs the key 'kind' or 'monitor': write kind = "),
    ("[[vm]\nname = \"a\"\n", "1:"),
    ("vms = 1\n", "1:1: 'vms' is not known here: write [[vm]] tables"),
    ("", "1:1: there is no machine: write a [[vm]] table"),
    ("[[vm]]\nname = \"a\"\nmonitor = \"hello\"\n" * 2, "key 'name': another machine is called 'a': give each its own"),
])
def test_a_bad_manifest_gets_file_line_column_and_remedy(host, text, complaint):
    file = host.manifest(text)
    for verb in ["check", "run"]:
        result = host.tool(verb, file)
        assert result.console.startswith(f"{file}:") and complaint in result.console and result.status == 1


def test_every_mistake_is_told(host):
    result = host.tool("check", host.manifest('[[vm]]\nnmae = "a"\nmonitor = "hello"\ncpus = 0\n'))
    assert result.console.count("\n") == 3 and result.status == 1


def test_a_manifest_that_is_not_there(host):
    result = host.tool("run", host.folder / "none.toml")
    assert "none.toml: cannot be read: name a manifest that is there" in result.console and result.status == 1


def test_wrong_usage_has_status_2(host):
    assert host.tool("nonsense").status == 2
    assert host.tool("run", "--harts", "0").status == 2
    assert host.tool("run", "--irqchip", "clint").status == 2
    assert host.tool().status == 2


def test_a_truncated_program_is_refused_by_the_tool(host):
    short = host.folder / "short"
    short.write_bytes((TARGET / "bin/hello").read_bytes()[:3000])
    result = host.tool("check", host.manifest(vm("a", "./short")))
    assert "key 'monitor': '" in result.console and "short' is no program: " in result.console and result.status == 1


def bundle(host, *machines):
    file = host.folder / "bundle.cpio"
    assert host.tool("bundle", host.manifest(*machines), "-o", file).status == 0
    return file


def refused(host, file, line, **how):
    result = host.boot(["--bundle", file], **how)
    lines = result.after_firmware().strip().splitlines()
    assert len(lines) == 1 and line in lines[0] and lines[0].startswith("manager: ")
    assert result.status != 0


def test_a_corrupt_bundle(host):
    file = bundle(host, HELLO)
    good = file.read_bytes()
    file.write_bytes(b"\0" * 4096)
    refused(host, file, "the bundle is broken: ")
    file.write_bytes(good.replace(b"070701", b"070702", 1))
    refused(host, file, "the bundle is broken: ")
    file.write_bytes(good.replace(b"manifest.dtb", b"manifest.xyz", 1))
    refused(host, file, "the bundle is broken: ")
    file.write_bytes(good[:4096 + 100])
    refused(host, file, "manifest.dtb: is not a device tree: make the bundle again with `sundew bundle`")
    file.write_bytes(good.replace(b"\xd0\x0d\xfe\xed", b"\xd0\x0d\xfe\xee", 1))
    refused(host, file, "manifest.dtb")


def test_a_bundle_without_what_its_manifest_names(host):
    file = bundle(host, HELLO)
    good = file.read_bytes()
    file.write_bytes(good.replace(b"bin/hello\0", b"bin/hellx\0").replace(b"bin/hellx\0", b"bin/hello\0", 1))
    refused(host, file, "machine 'hello': key 'monitor': 'bin/hello'")
    file.write_bytes(good.replace(b"cpus\0", b"cqus\0"))
    refused(host, file, "key 'cqus': is not a key of the manifest: make the bundle again")


def test_a_truncated_program_in_a_bundle(host):
    file = bundle(host, HELLO)
    good = file.read_bytes()
    at = good.index(b"\x7fELF")
    file.write_bytes(good[:at + 4] + b"\xff" * 60 + good[at + 64:])
    refused(host, file, "machine 'hello': key 'monitor': 'bin/hello'")
    # the member's size, 13 digits of 8 from the name back, made too small for what the program's header promises
    header = good.rindex(b"070701", 0, at)
    file.write_bytes(good[:header + 54] + b"00000800" + good[header + 62:])
    refused(host, file, "machine 'hello': key 'monitor': 'bin/hello'")


def test_more_memory_than_there_is(host):
    result = host.run(HELLO, vm("big", "hello", "hello-guest", memory="2G"), memory="256M")
    assert "machine 'big': key 'memory': with this machine " in result.console and "lower 'memory', or give the host more" in result.console
    assert NOTHING_RAN not in result.console and result.status != 0


def test_harts_that_are_not_there(host):
    result = host.run(HELLO, vm("far", "hello", "hello-guest", harts=[5]), harts=2)
    assert "machine 'far': key 'harts': it names a hart that is not there: use 0 to 1" in result.console
    assert NOTHING_RAN not in result.console and result.status != 0


def test_more_quota_than_there_is(host):
    result = host.run(HELLO, vm("greedy", "hello", "hello-guest", quota=60000), memory="64M")
    assert "machine 'greedy': key 'quota': " in result.console
    assert NOTHING_RAN not in result.console and result.status != 0


def test_a_quota_that_is_not_refused_can_be_had(host):
    def run(quota):
        return host.run(vm("greedy", "hello", "hello-guest", quota=quota), memory="64M").console
    left = int(re.search(r"pool are wanted, but it has (\d+)", run(60000))[1])
    ran = []
    for quota in range(left - 8, left):
        console = run(quota)
        ran.append(NOTHING_RAN in console)
        assert ran[-1] != ("machine 'greedy': key 'quota': " in console), console
    assert ran[0] and not ran[-1]


def test_a_device_that_is_not_there(host):
    for name in ["nothing@0", "cpus", "plic@c000000", "memory@80000000"]:
        result = host.run(HELLO, vm("odd", "hello", "hello-guest", devices=[name]))
        assert f"machine 'odd': key 'devices': '{name}': the host has no such device to give away" in result.console
        assert NOTHING_RAN not in result.console and result.status != 0


def test_a_device_that_is_given_away_twice(host):
    result = host.run(vm("one", "hello", "hello-guest", devices=["rtc@101000"]), vm("two", "hello", "hello-guest", devices=["rtc@101000"]))
    assert "machine 'two': key 'devices': 'rtc@101000' is machine 'one''s: give it to one of them" in result.console
    assert NOTHING_RAN not in result.console and result.status != 0
