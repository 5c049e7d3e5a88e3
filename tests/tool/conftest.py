# SPDX-License-Identifier: Apache-2.0
"""The tool against a target that is made up: fast, and with every mistake that a target can make."""
import os
import pathlib
import shutil
import subprocess
import tempfile

import pytest

from tool.target import LIST, TOOL, Target, machine


class Done:
    def __init__(self, process):
        self.status, self.out, self.err = process.returncode, process.stdout, process.stderr


@pytest.fixture
def folder():
    path = pathlib.Path(tempfile.mkdtemp(prefix="sundew-"))  # short: it holds sockets
    yield path
    shutil.rmtree(path, ignore_errors=True)  # a broker may be removing its socket at this moment


@pytest.fixture
def environment(folder):
    runtime = folder / "run"
    runtime.mkdir(mode=0o700)
    return {**{key: value for key, value in os.environ.items() if key != "SUNDEW_CONTROL"}, "XDG_RUNTIME_DIR": str(runtime)}


@pytest.fixture
def target(folder):
    made = Target(folder / "t")
    made.verbs[LIST] = lambda session, *_: (made.data(session, machine("debian") + machine("web")), made.end(session))
    yield made
    made.close()


@pytest.fixture
def tool(target, environment):
    """Runs a verb against the target."""
    def run(*words, timeout=60, stdin=subprocess.DEVNULL):
        return Done(subprocess.run([TOOL, *map(str, words), "--control", target.path], stdin=stdin, capture_output=True, text=True,
                                   timeout=timeout, env=environment))
    return run
