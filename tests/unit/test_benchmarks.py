"""What benchmarks measured, as pages read it: the committed results are whole, and a damaged one is told in a sentence."""

import json

import pytest

from denoised.benchmarks import architectures, builds, drift, machines
from denoised.errors import DenoisedError

ALL = pytest.mark.parametrize("kind", [architectures, builds, drift, machines], ids=lambda kind: kind.__name__[20:])


@ALL
def test_committed_results_are_whole(kind):
    assert kind.load()


@ALL
@pytest.mark.parametrize(
    "content", ["", "[1]", "{}", '{"runs": {"8": 3}}', '{"quiet": [1], "planted": []}', '{"runs": [1]}']
)
def test_damaged_results_name_the_script_that_writes_them(kind, content, tmp_path, monkeypatch):
    file = tmp_path / kind.FILE.name
    file.write_text(content)
    monkeypatch.setattr(kind, "FILE", file)
    with pytest.raises(DenoisedError, match=r"scripts/bench_\w+\.py|lacks"):
        kind.load()
    file.unlink()
    with pytest.raises(DenoisedError, match=r"missing or damaged; scripts/bench_\w+\.py writes it"):
        kind.load()


def test_the_bars_that_the_machinery_is_held_to():
    """Measured on a quiet machine; whoever measures again and finds less has something to look into."""
    drifted, several, built = drift.load(), machines.load(), builds.load()
    assert len(drifted["quiet"]) >= 5 and not any(run["alarms"] for run in drifted["quiet"])
    assert all(run["caught"] for run in drifted["planted"])
    assert not several["busy"] and not built["busy"]
    most = several["runs"][-1]
    assert most["workers"] == 4 and most["speed_up"] >= 3.6
    hundred = built["runs"]["100"]
    ours = hundred["denoised"]
    assert all(run["stale"] == run["needless"] == run["missing"] == 0 for run in ours.values())
    peers = [tool for tool in builds.TOOLS if tool != "denoised"]
    for scenario in ("cold", "nothing"):
        assert ours[scenario]["seconds"] <= min(hundred[tool][scenario]["seconds"] for tool in peers)
    assert ours["nothing"]["seconds"] <= 2


def test_the_files_are_json_that_anyone_can_read():
    for kind in (architectures, builds, drift, machines):
        json.loads(kind.FILE.read_text(encoding="utf-8"))
