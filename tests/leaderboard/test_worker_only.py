"""What is heavy stays in workers: a process that serves boards never reads scikit-learn."""

from __future__ import annotations

import subprocess
import sys


def test_the_pages_and_the_api_of_boards_import_no_scikit_learn() -> None:
    code = (
        "import django; django.setup(); import sys, config.urls, leaderboard.views, leaderboard.api;"
        "print([name for name in ('sklearn', 'pandas', 'onnxruntime', 'leaderboard.plot_data') if name in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
