# SPDX-License-Identifier: Apache-2.0
"""What a guest was told is on the disk is there after the power fails."""
import random
import re
import subprocess
import time

from debian import PROMPT, boot, copy_of_root, manifest

WRITER = """
import os
file = os.open("/root/records", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
for number in range(1000000):
    os.write(file, b"%08d\\n" % number * 50)
    os.fsync(file)
    print("synced", number, "end", flush=True)
"""


def pytest_generate_tests(metafunc):
    metafunc.parametrize("attempt", range(metafunc.config.getoption("--rounds")))


def test_keeps_what_was_synced_when_the_power_fails(host, attempt):
    seed = random.randrange(1 << 32)
    print("seed", seed)
    disk = copy_of_root(host.folder)
    terminal = boot(host, manifest(cpus=2))
    terminal.expect(PROMPT)
    terminal.run("cat > /root/writer.py <<'END'\n" + WRITER + "END\n true")
    terminal.send("python3 /root/writer.py")
    terminal.expect("synced 3 end")
    time.sleep(random.Random(seed).uniform(0, 3))
    terminal.kill()
    told = [int(number) for number in re.findall(r"synced (\d+) end", terminal.text())]
    # As the next boot would: the journal is replayed, and then all is in order.
    subprocess.run(["/sbin/e2fsck", "-fy", disk], stdout=subprocess.DEVNULL, check=False)
    check = subprocess.run(["/sbin/e2fsck", "-fn", disk], stdout=subprocess.PIPE, text=True, check=False)
    assert check.returncode == 0, check.stdout
    kept = subprocess.check_output(["/sbin/debugfs", "-R", "cat /root/records", disk], stderr=subprocess.DEVNULL, text=True)
    expected = "".join(f"{number:08}\n" * 50 for number in range(max(told) + 1))
    assert len(told) >= 4 and kept.startswith(expected)
