# SPDX-License-Identifier: Apache-2.0
"""What is generated from the tables of the command line."""
import re
import shutil
import subprocess

import pytest

from tool.target import TOOL


def output(*words):
    return subprocess.run([TOOL, *words], check=True, capture_output=True, text=True).stdout


def verbs():
    text = output("--help").split("Subcommands:")[1]
    return re.findall(r"(?m)^  ([a-z]+) ", text)


def options(verb):
    return set(re.findall(r"(?m)^  (?:-\w,)?(--[a-z-]+)", output(verb, "--help")))


def complete(*words):
    script = 'source <("$0" completion); COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _sundew; printf "%s\\n" "${COMPREPLY[@]}"'
    return subprocess.run(["bash", "-c", script, TOOL, TOOL, *words], check=True, capture_output=True, text=True).stdout.split()


def test_there_are_verbs():
    assert {"run", "ps", "start", "stop", "restart", "pause", "resume", "console", "logs", "top", "stats", "events", "create", "rm", "shutdown",
            "gdb", "trace", "check", "man", "completion"} <= set(verbs())


@pytest.mark.parametrize("verb", verbs() if TOOL.exists() else [])
def test_manual_and_completion_know_all_of_a_verb(verb):
    assert verb in complete(verb[:2])
    offered = set(complete(verb, "-"))
    section = re.split(r'(?m)^\.SS "', output("man"))
    mine = next(each for each in section if each.startswith(f"{verb} "))
    for option in options(verb):
        assert option in offered
        assert option.replace("-", "\\-") in mine


@pytest.mark.skipif(not shutil.which("man"), reason="no man here")
def test_the_manual_page_has_no_mistakes():
    done = subprocess.run(["man", "--warnings", "-l", "-E", "UTF-8", "-"], input=output("man"), capture_output=True, text=True)
    assert done.returncode == 0 and not done.stderr and "console [OPTIONS] [MACHINE]" in done.stdout and "stop [OPTIONS] MACHINE" in done.stdout


def test_completion_offers_names_of_machines(tool, target):
    script = 'source <("$0" completion); COMP_WORDS=("$0" start w); COMP_CWORD=2; _sundew; printf "%s\\n" "${COMPREPLY[@]}"'
    done = subprocess.run(["bash", "-c", script, TOOL], check=True, capture_output=True, text=True,
                          env={"SUNDEW_CONTROL": target.path, "PATH": "/usr/bin:/bin"})
    assert done.stdout == "web\n"
