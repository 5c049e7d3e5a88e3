# SPDX-License-Identifier: Apache-2.0
"""What machines boot from comes out of Debian's packages: once, and only if they are Debian's."""
import functools
import http.server
import os
import subprocess
import threading

import pytest
from conftest import TOOL
from debian import cache


def fetch(folder, mirror, *names):
    """`sundew fetch` with its cache in a folder; its status and all that it said."""
    environment = {**os.environ, "SUNDEW_CACHE": str(folder), "SUNDEW_DEBIAN_MIRROR": mirror}
    done = subprocess.run([TOOL, "fetch", *names], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300)
    print(done.stdout)
    return done.returncode, done.stdout


@pytest.fixture
def nowhere():
    """A mirror that nobody answers for."""
    return "http://127.0.0.1:9/debian"


def test_needs_no_network_once_everything_is_there(nowhere):
    status, said = fetch(cache().parent, nowhere, "kernel", "initrd", "root.ext4")
    assert status == 0 and said.count("is there") == 3


def test_says_which_mirror_to_name_and_leaves_nothing_half_made(tmp_path, nowhere):
    status, said = fetch(tmp_path, nowhere, "kernel")
    assert status != 0 and "could not be fetched" in said and "SUNDEW_DEBIAN_MIRROR" in said
    assert not (tmp_path / "debian/kernel").exists()


def test_refuses_a_mirror_whose_index_debian_has_not_signed(tmp_path):
    release = tmp_path / "mirror/dists/trixie/Release"
    release.parent.mkdir(parents=True)
    release.write_text("Suite: stable\nCodename: trixie\nArchitectures: riscv64\nComponents: main\n")
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=tmp_path / "mirror")
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        status, said = fetch(tmp_path, f"http://127.0.0.1:{server.server_port}", "kernel")
        server.shutdown()
    assert status != 0 and "not signed" in said
    assert not (tmp_path / "debian/kernel").exists()


def test_knows_what_it_can_make(tmp_path, nowhere):
    status, said = fetch(tmp_path, nowhere, "kernle")
    assert status == 2 and "'kernle' is not known: name kernel, initrd" in said
