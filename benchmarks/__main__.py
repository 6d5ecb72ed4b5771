"""Run every benchmark beside its peer and write `benchmarks/results.json`; a failure is told, the others still run."""

from __future__ import annotations

import argparse
import importlib
import inspect
import json
import os
import pkgutil
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
KEYS = ("name", "unit", "ours", "peer", "peer_name", "ratio")
THREADS = "1"

# Both sides get the same number of threads; libraries read these once, when they are imported.
for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ.setdefault(variable, THREADS)


class FigureError(ValueError):
    """A benchmark returned something that is no figure."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0, or 1 when a benchmark failed."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("only", nargs="*", help="names of benchmarks, such as ranking (default: all)")
    parser.add_argument("--results", type=Path, default=HERE / "results.json")
    options = parser.parse_args(arguments)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings.embedded")  # for benchmarks that need the site
    return run(options.only or benchmark_names(), options.results)


def benchmark_names() -> list[str]:
    """Files and packages of this folder that mention `def figures(`, sorted; the text decides, nothing is imported."""
    return sorted(
        module.name
        for module in pkgutil.iter_modules([str(HERE)])
        if "def figures(" in _source(module.name) and module.name != "__main__"
    )


def run(names: Sequence[str], results: Path, load: Callable[[str], Any] | None = None) -> int:
    """Run the named benchmarks, print and write their figures; `load` gives a benchmark's module by its name."""
    figures: list[dict[str, Any]] = []
    failed: list[str] = []
    for name in names:
        print(f"\n{name}", flush=True)
        try:
            module = (load or _load)(name)
            for figure in _call(module.figures):
                figures.append(checked(figure))
                print(f"  {line(figure)}", flush=True)
        except Exception:  # one benchmark's failure must not hide the others' figures
            failed.append(name)
            traceback.print_exc()
    results.write_text(json.dumps({"figures": figures}, indent=1, ensure_ascii=False, allow_nan=False) + "\n")
    print(f"\n{len(figures)} figures in {results.name}, OMP_NUM_THREADS={os.environ['OMP_NUM_THREADS']} on both sides.")
    for name in failed:
        print(f"FAILED: {name}", file=sys.stderr)
    return 1 if failed else 0


def checked(figure: dict[str, Any]) -> dict[str, Any]:
    """The figure, when it has the six keys; raises FigureError else. A figure without a peer has null for the last
    three.
    """
    missing = [key for key in KEYS if key not in figure]
    if missing:
        raise FigureError(f"A figure lacks {', '.join(missing)}: {figure}")
    return figure


def line(figure: dict[str, Any]) -> str:
    """One figure as it is printed: ours, the peer's, how many times better."""
    ours = f"{figure['name']}: {_short(figure['ours'])} {figure['unit']}"
    if figure["peer"] is None:
        return ours
    ratio = "" if figure["ratio"] is None else f", ratio {_short(figure['ratio'])}"
    return f"{ours}; {figure['peer_name']}: {_short(figure['peer'])} {figure['unit']}{ratio}"


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _load(name: str) -> Any:
    return importlib.import_module(f"benchmarks.{name}")


def _call(function: Callable[..., Any]) -> list[dict[str, Any]]:
    if inspect.signature(function).parameters:
        raise FigureError("figures() takes no arguments.")
    return list(function())


def _source(name: str) -> str:
    file = HERE / f"{name}.py"
    if not file.exists():
        file = HERE / name / "__init__.py"
    return file.read_text(encoding="utf-8") if file.exists() else ""


if __name__ == "__main__":
    sys.exit(main())
