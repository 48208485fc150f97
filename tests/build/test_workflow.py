"""The workflow of the repository's host: what it may use, and its own commands, run with stand-ins for gh and make."""

import os
import re
import subprocess

import pytest
import yaml

from miniature_project import ROOT

FOLDER = ROOT / ".github" / "workflows"
JOBS = yaml.safe_load((FOLDER / "site.yml").read_text())["jobs"]


def test_every_action_is_pinned_to_a_commit_and_says_which_version_that_is():
    used = [line for path in FOLDER.glob("*.yml") for line in path.read_text().splitlines() if "uses:" in line]
    assert len(used) > 5
    for line in used:
        assert re.search(r"uses: [\w./-]+@[0-9a-f]{40} # v\d", line), line


def test_a_run_of_the_tests_has_the_limit_that_is_promised():
    assert JOBS["test"]["timeout-minutes"] <= 40


def test_the_workflow_may_write_nothing_but_the_published_pages():
    said = yaml.safe_load((FOLDER / "site.yml").read_text())["permissions"]
    assert said == {"contents": "read"}
    written = {(name, right) for name, job in JOBS.items() for right, how in job.get("permissions", {}).items()
               if how == "write"}  # fmt: skip
    assert written == {("deploy", "pages"), ("deploy", "id-token")}


def command(start: str) -> str:
    (step,) = [step for step in JOBS["drift"]["steps"] if step.get("name", "").startswith(start)]
    return step["run"]


@pytest.fixture
def hosted(tmp_path):
    """Runs a step as the host does; .tools holds stand-ins that log how they were called."""
    tools = tmp_path / "tools"
    tools.mkdir()
    (tmp_path / "docs/assets/figures/tiny").mkdir(parents=True)

    def run(step: str, **tools_do: str):
        for name, body in tools_do.items():
            (tools / name).write_text(f'#!/bin/bash\necho "{name} $*" >> {tmp_path}/called\n{body}\n')
            (tools / name).chmod(0o755)
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", command(step)],
            cwd=tmp_path, capture_output=True, text=True,
            env={"PATH": f"{tools}:{os.environ['PATH']}", "BRANCH": "main",
                 "GITHUB_STEP_SUMMARY": str(tmp_path / "summary")},
        )  # fmt: skip
        called = (tmp_path / "called").read_text() if (tmp_path / "called").exists() else ""
        return done.returncode, called, (tmp_path / "summary").read_text() if (tmp_path / "summary").exists() else ""

    return run


def test_where_nothing_published_is_kept_the_run_fails_and_says_so(hosted):
    status, _, summary = hosted("The published", gh="exit 0")  # lists no run
    assert status == 1
    assert "nothing to compare with" in summary


def test_the_figures_of_the_last_good_run_are_fetched(hosted):
    status, called, _ = hosted("The published", gh='[ "$2" = list ] && echo 77; exit 0')
    assert status == 0
    assert "--branch main --event push --status success" in called
    assert "gh run download 77 --name figures --dir docs/assets/figures" in called


def test_drift_fails_the_weekly_run(hosted):
    assert hosted("Every figure anew", make="echo table; exit 1")[0] != 0
    status, called, summary = hosted("Every figure anew", make="echo table")
    assert status == 0
    assert 'make --no-print-directory check CHECK=--same-sources' in called
    assert "table" in summary


def test_a_pull_request_is_compared_with_its_base_and_its_changes_are_no_failure(hosted):
    status, called, summary = hosted("What this pull", make='[[ "$*" = *check* ]] && { echo report; exit 1; }; exit 0')
    assert status == 0
    assert "make --no-print-directory figures" in called
    assert "--before build/published --after docs/assets/figures/tiny" in called
    assert "report" in summary


def test_a_figure_that_fails_fails_the_run_after_the_report(hosted):
    status, called, summary = hosted("What this pull", make='[[ "$*" = *check* ]] && { echo report; exit 1; }; exit 2')
    assert status == 1
    assert "check" in called
    assert "report" in summary
    assert "Not every figure" in summary
