"""Every example marked `run` runs: a page's examples in order, in one fresh folder."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.landed import landed
from tests.docs.pages import ROOT, Block, blocks, pages
from tests.docs.sample_files import write_samples

WITH_EXAMPLES = [
    pytest.param(page, id=page.relative_to(ROOT).as_posix())
    for page in pages()
    if any(block.runs for block in blocks(page))
]
SECONDS_MAX = 300


@pytest.mark.parametrize("page", WITH_EXAMPLES)
def test_examples_run(page: Path, tmp_path: Path) -> None:
    if landed("tenure.cli", "main") is None:
        pytest.skip("the command line is not built yet")
    write_samples(tmp_path)
    for block in blocks(page):
        if block.runs:
            done = run(block, tmp_path)
            told = f"{page.name}:{block.line}\n{block.text}\n{done.stdout}\n{done.stderr}"
            assert done.returncode == block.exit_code, told
            assert "Traceback" not in done.stderr, told


def run(block: Block, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a shell or Python example in a folder, with this environment's programs first."""
    programs = Path(sys.executable).parent
    environment = os.environ | {"PATH": f"{programs}{os.pathsep}{os.environ.get('PATH', '')}"}
    shell = block.words[0] in ("bash", "sh")
    command = ["bash", "-euo", "pipefail", "-c"] if shell else [sys.executable, "-c"]
    return subprocess.run(
        [*command, block.text],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
    )
