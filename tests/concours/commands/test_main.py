"""`concours`: the commands, their exit codes, and a start that loads none of what other commands need."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from concours import __version__
from concours.commands.main import COMMANDS, find, main
from concours.known_names import known_names
from concours.questions.schema import load_spec

ROOT = Path(__file__).parents[3]
CATALOGUE = ROOT / "concours/questions/catalogue"


SARCOPENIA = Path("concours/questions/catalogue/sarcopenia.yaml")


def concours(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "concours", *map(str, arguments)]
    environment = {"PATH": os.environ["PATH"]}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=120)


def test_help_names_every_command_and_starts_within_a_second() -> None:
    fastest = float("inf")
    for _ in range(3):  # the machine may be busy; the command itself must be able to
        started = time.monotonic()
        result = concours("--help")
        fastest = min(fastest, time.monotonic() - started)
        assert result.returncode == 0
        assert all(f" {name} " in result.stdout.replace("\n", " ") for name in COMMANDS)
    assert fastest < 1


def test_help_imports_no_library() -> None:
    code = "import sys; from concours.commands.main import main\ntry: main(['--help'])\nexcept SystemExit: pass\n"
    code += "print([name for name in ('numpy', 'scipy', 'pydicom', 'yaml', 'django') if name in sys.modules])"
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert result.stdout.splitlines()[-1] == "[]"


def test_the_version_is_the_library_s() -> None:
    assert concours("--version").stdout == f"concours {__version__}\n"


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_each_command_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert find(name).__doc__
    with pytest.raises(SystemExit) as end:
        main([name, "--help"])
    assert end.value.code == 0
    assert capsys.readouterr().out.startswith(f"usage: concours {name} ")


@pytest.mark.parametrize(
    "arguments", [(), ("nothing",), ("score",), ("rank", "only-one"), ("check", "f", "--kind", "x")]
)
def test_a_wrong_call_ends_with_2(arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2
    assert capsys.readouterr().err.startswith("usage: concours")


def test_a_sound_question_file_is_named_with_its_kind() -> None:
    result = concours("question", CATALOGUE / "sarcopenia.yaml", "--check")
    assert (result.returncode, result.stdout) == (
        0,
        "sarcopenia.yaml is a sound question: sarcopenia (masks, concours).\n",
    )


def test_errors_of_a_question_file_stand_one_per_line(tmp_path: Path) -> None:
    text = (CATALOGUE / "sarcopenia.yaml").read_text(encoding="utf-8")
    path = tmp_path / "q.yaml"
    path.write_text(text.replace("rule: rank_sum", "rule: rank_sun").replace("slug:", "slog:"), encoding="utf-8")
    result = concours("question", path)
    assert (result.returncode, result.stdout) == (1, "")
    assert len(result.stderr.splitlines()) >= 2
    assert all(line.startswith("q.yaml: line ") for line in result.stderr.splitlines())


def test_a_reader_that_leaves_early_is_no_traceback() -> None:
    command = f"{sys.executable} -m concours metric --help | head -c 1"
    result = subprocess.run(["sh", "-c", command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert "Traceback" not in result.stderr


def test_dates_of_a_past_edition_are_moved_together(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    target = tmp_path / "moved.yaml"
    command = ["question", str(SARCOPENIA), "--shift-dates", "2031-04-01", "--write", str(target)]
    assert main(command) == 0
    assert "is over" not in capsys.readouterr().err
    before, after = (load_spec(path.read_text(encoding="utf-8"), known_names()) for path in (SARCOPENIA, target))
    days = {after.phases[name].opens.date() - phase.opens.date() for name, phase in before.phases.items()}
    assert len(days) == 1 and min(phase.opens for phase in after.phases.values()).date().isoformat() == "2031-04-01"
    hours = [(phase.opens.hour, after.phases[name].opens.hour) for name, phase in before.phases.items()]
    assert all(old == new for old, new in hours)


def test_a_past_edition_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["question", str(SARCOPENIA), "--check"]) == 0
    assert "--shift-dates" in capsys.readouterr().err
