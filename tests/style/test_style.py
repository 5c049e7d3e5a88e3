# SPDX-License-Identifier: Apache-2.0
"""The house's rules that a machine can check."""
import pathlib
import re
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
TARGET = ROOT / "build/target"
FOLDERS = ["abi", "base", "bench", "cli", "cmake", "devices", "docs", "examples", "guests", "monitors", "nucleus", "sdk", "services", "tests", "tools"]
CODE = {".cpp", ".hpp", ".S", ".h"}


def files(*suffixes):
    return [file for folder in FOLDERS for file in sorted((ROOT / folder).rglob("*")) if file.suffix in suffixes]


def test_every_file_of_code_names_its_licence():
    missing = [file for file in files(".cpp", ".hpp", ".S", ".h", ".py", ".cmake", ".ld", ".toml")
               if "SPDX-License-Identifier: Apache-2.0" not in file.read_text()[:200]]
    assert not missing


def test_no_line_is_longer_than_160_columns_or_has_tabs_or_trailing_blanks():
    wrong = [f"{file}:{number}" for file in files(*CODE, ".py", ".md") for number, line in enumerate(file.read_text().splitlines(), 1)
             if "\t" in line or line != line.rstrip() or (len(line) > 160 and not line.startswith("|"))]
    assert not wrong


def test_no_file_of_code_has_more_than_300_lines():
    long = {str(file.relative_to(ROOT)): len(file.read_text().splitlines()) for file in files(".cpp", ".hpp", ".S")
            if "tests" not in file.parts and not file.name.endswith("_test.cpp")}
    assert not {file: lines for file, lines in long.items() if lines > 300}


# Who may include whom: a component names those that it stands on. Tests and benches may include anything.
MAY_INCLUDE = {
    "base": {"base"},
    "abi": {"abi"},
    "devices": {"base", "devices"},
    "nucleus": {"base", "abi", "nucleus"},
    "sdk": {"base", "abi", "sdk"},
    "guests": {"base", "guests"},
    "services": {"base", "abi", "sdk", "services"},
    "monitors": {"base", "abi", "devices", "sdk", "monitors"},
    "examples": {"base", "abi", "sdk"},
    "cli": {"base", "cli", "services"},
}


def test_includes_go_one_way():
    wrong = []
    for file in files(*CODE):
        folder = file.relative_to(ROOT).parts[0]
        if folder not in MAY_INCLUDE or "_test." in file.name:
            continue
        for included in re.findall(r'#include "([^"]+)"', file.read_text()):
            if included.split("/")[0] not in MAY_INCLUDE[folder]:
                wrong.append(f"{file.relative_to(ROOT)} includes {included}")
    assert not wrong


def test_only_the_seam_has_assembly_in_it():
    wrong = [file for file in files(".cpp", ".hpp") if file.parts[len(ROOT.parts)] in {"nucleus", "base", "abi"}
             and "riscv" not in file.parts and re.search(r"\basm\b", file.read_text())]
    assert not wrong


def csr_numbers():
    text = (ROOT / "nucleus/riscv/csr.hpp").read_text()
    return re.findall(r"Csr<(0x[0-9a-f]+)(?:, \w+)?> (\w+);", text)


def assembled(line, folder):
    """The instruction word of a line of assembly."""
    source, output = folder / "one.S", folder / "one.o"
    source.write_text(line + "\n")
    subprocess.run(["clang-19", "--target=riscv64-unknown-elf", "-march=rv64gcvh", "-c", source, "-o", output], check=True)
    return subprocess.check_output(["llvm-objdump-19", "-d", "--no-leading-addr", output], text=True).splitlines()[-1].split()[0]


def test_csr_numbers_are_those_of_the_assembler(tmp_path):
    numbers = csr_numbers()
    assert len(numbers) > 30
    for number, name in numbers:
        assert assembled(f"csrr a0, {name}", tmp_path) == assembled(f"csrr a0, {number}", tmp_path), name


# Registers of F, D and V belong to guests.
FORBIDDEN = re.compile(r"^\s*(f(?!ence)\w*|v(set|mv|le|se|l\d|s\d|add|sub|mul|and|or|xor)[\w.]*|c\.f\w+)$")


def instructions(file):
    """(function, mnemonic) for every instruction of a linked binary, whatever extensions it says that it uses."""
    text = subprocess.check_output(["llvm-objdump-19", "-d", "--no-leading-addr", "--no-show-raw-insn", "--mattr=+f,+d,+v,+h,+c", file], text=True)
    function = ""
    for line in text.splitlines():
        found = re.match(r"^<(.*)>:$", line)
        if found:
            function = found[1]
        elif line.startswith((" ", "\t")) and line.strip() and function != "image_header":  # which is data
            yield function, line.split()[0]


def binaries():
    return [TARGET / "nucleus/nucleus", *sorted((TARGET / "bin").iterdir())]


def test_the_check_of_instructions_sees_the_guests_units():
    names = {mnemonic for function, mnemonic in instructions(TARGET / "nucleus/nucleus") if function.startswith("guest_state_")}
    assert any(FORBIDDEN.match(name) for name in names)


@pytest.mark.parametrize("binary", [file.name for file in binaries()] if TARGET.exists() else [])
def test_no_program_computes_with_the_guests_units(binary):
    file = next(each for each in binaries() if each.name == binary)
    attacks = "hostile" in binary  # which tries them on purpose
    wrong = {(function, mnemonic) for function, mnemonic in instructions(file) if FORBIDDEN.match(mnemonic)
             and not function.startswith("guest_state_")}
    assert bool(wrong) == attacks if attacks else not wrong


def test_the_decoder_agrees_with_the_disassembler(tmp_path):
    """All 65,536 halfwords: what LLVM calls an integer load or store, the reference does, and nothing else (tests/decode)."""
    source, output = tmp_path / "all.S", tmp_path / "all.o"
    halves = [half for half in range(0x10000) if half & 3 != 3]
    source.write_text("\n".join(f".half {half}" for half in halves) + "\n")
    subprocess.run(["clang-19", "--target=riscv64-unknown-elf", "-march=rv64gc_zcb", "-c", source, "-o", output], check=True)
    lines = subprocess.check_output(["llvm-objdump-19", "-d", "-M", "no-aliases,numeric", "--mattr=+c,+zcb", "--no-leading-addr", output],
                                    text=True).splitlines()
    disassembled = [line.split(None, 1) for line in lines if re.match(r"^\s*[0-9a-f]{4}\s", line)]
    assert len(disassembled) == len(halves)
    kinds = {"c.lw": (0, 4, 1), "c.ld": (0, 8, 0), "c.lwsp": (0, 4, 1), "c.ldsp": (0, 8, 0), "c.sw": (1, 4, 0), "c.sd": (1, 8, 0),
             "c.swsp": (1, 4, 0), "c.sdsp": (1, 8, 0), "c.lbu": (0, 1, 0), "c.lhu": (0, 2, 0), "c.lh": (0, 2, 1), "c.sb": (1, 1, 0), "c.sh": (1, 2, 0)}
    expected = {}
    for half, (_, text) in zip(halves, disassembled):
        words = text.replace(",", " ").split()
        if words[0] in kinds:
            expected[half] = (*kinds[words[0]], int(words[1][1:]))
    dump = subprocess.check_output([ROOT / "build/host/tests/decode/decode_dump"], text=True)
    ours = {int(half, 16): tuple(map(int, rest)) for half, *rest in (line.split() for line in dump.splitlines())}
    assert ours == expected


@pytest.mark.skipif(not shutil.which("clang-format-19"), reason="no clang-format-19")
def test_code_is_formatted():
    code = [str(file) for file in files(".cpp", ".hpp")]
    done = subprocess.run(["clang-format-19", "--dry-run", "--Werror", *code], stderr=subprocess.PIPE, text=True)
    assert done.returncode == 0, "\n".join(sorted({line.split(":")[0] for line in done.stderr.splitlines() if "error:" in line}))
