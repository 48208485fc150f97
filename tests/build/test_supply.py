"""Licences of everything that is used or served, the list of it, and who asks for new versions."""

import dataclasses
import json
import re

import pytest
import yaml

import supply
from miniature_project import ROOT
from sitekit import vendor

PARTS = supply.parts()


def test_every_package_weight_and_asset_has_a_licence_that_is_allowed():
    assert len(PARTS) > 250
    assert supply.problems(PARTS) == []


@pytest.mark.parametrize(
    ("expression", "fits"),
    [
        ("MIT", True),
        ("MIT OR GPL-3.0-only", True),
        ("(MPL-2.0 OR Apache-2.0)", True),
        ("MIT AND GPL-3.0-only", False),
        ("GPL-3.0-or-later", False),
        ("AGPL-3.0-only OR LicenseRef-Proprietary", False),
        ("MIT AND (ISC OR GPL-2.0-only)", False),  # brackets within: for somebody to look at
        ("CC-BY-NC-4.0", False),
        ("UNKNOWN", False),
    ],
)
def test_which_licences_are_allowed(expression, fits):
    assert supply.acceptable(expression) is fits


@pytest.mark.parametrize("licence", ["", "GPL-3.0-only"])
def test_a_licence_that_is_missing_or_refused_is_one_line_that_names_the_package(licence):
    planted = dataclasses.replace(PARTS[0], licence=licence)
    (line,) = supply.problems([planted, *PARTS[1:]])
    assert planted.name in line
    assert "scripts/supply.py" in line


def test_what_is_said_by_hand_is_still_needed():
    """An entry of STATED whose package is gone, or states it by itself by now, goes."""
    there = {(part.ecosystem, part.name) for part in PARTS}
    assert set(supply.STATED) <= there


def test_everything_in_the_lock_files_is_listed_and_nothing_twice():
    purls = [part.purl for part in PARTS]
    assert len(set(purls)) == len(purls)
    locks = "".join((ROOT / name).read_text() for name in ("requirements.lock", "requirements-cluster.lock"))
    python = re.findall(r"^([\w.-]+)==", locks, re.MULTILINE)
    assert {part.name for part in PARTS if part.ecosystem == "pypi"} == set(python)
    assert all(part.hashes for part in PARTS if part.ecosystem == "pypi" and part.name != "torch")
    weights = {path.name for path in (ROOT / "figures_src" / "weights").rglob("*.safetensors")}
    assert weights <= {part.name.rpartition("/")[2] for part in PARTS if part.kind == "machine-learning-model"}


def test_the_notice_names_what_the_site_serves_and_every_emoji_set():
    notice = (ROOT / "NOTICE").read_text().lower()
    served = json.loads(vendor.LIST.read_text())["packages"]
    assert len(served) >= 6
    for package in served:
        word = package.rpartition("/")[2].partition("-web")[0].replace("-", " ").replace("onnxruntime", "onnx runtime")
        assert word in notice, package
    sets = [part.name for part in PARTS if part.name.startswith("@iconify-json/")]
    assert len(sets) == 8
    for name in sets:
        assert name.rpartition("/")[2] in notice
    for part in PARTS:
        if "EPL" in part.licence:  # may be passed on only with word of where its source is
            assert part.name in notice


def test_the_list_is_cyclonedx_and_the_same_each_time(tmp_path, capsys):
    """Its shape as the specification asks for it; the file was also held against the official schema once."""
    for name in ("a", "b"):
        assert supply.main(["sbom", "--out", str(tmp_path / name)]) == 0
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    listed = json.loads((tmp_path / "a").read_text())
    assert (listed["bomFormat"], listed["specVersion"]) == ("CycloneDX", "1.6")
    assert re.fullmatch(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", listed["serialNumber"])
    refs = {one["bom-ref"] for one in listed["components"]}
    assert len(refs) == len(PARTS)
    assert set(listed["dependencies"][0]["dependsOn"]) == refs
    for one in listed["components"]:
        assert one["type"] in ("library", "data", "machine-learning-model")
        assert one["licenses"][0]["expression"]
        assert all(re.fullmatch(r"[0-9a-f]{64}|[0-9a-f]{128}", found["content"]) for found in one.get("hashes", []))
    assert "://" not in re.sub(r"http://cyclonedx.org/schema/\S+", "", (tmp_path / "a").read_text())


def test_a_damaged_lock_is_one_sentence(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(supply, "ROOT", tmp_path)
    for name in ("requirements.lock", "requirements-cluster.lock"):
        (tmp_path / name).write_text("")
    for name in ("requirements.hashes", "requirements-cluster.hashes"):
        (tmp_path / name).write_text("")
    (tmp_path / "package-lock.json").write_text('{"packages": ')
    assert supply.main(["licences"]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_somebody_asks_for_new_versions_of_everything():
    config = yaml.safe_load((ROOT / ".github" / "dependabot.yml").read_text())
    assert config["version"] == 2
    assert {one["package-ecosystem"] for one in config["updates"]} == {"pip", "npm", "github-actions"}
    assert all(one["directory"] == "/" and one["schedule"]["interval"] for one in config["updates"])
