#!/usr/bin/env python3
"""Look at this machine: is all here that the build needs? One line each: fine, or what to do.

    python3 scripts/doctor.py        status 1 if something that `make site` needs is missing

Standard library only, so that it works before there is an environment. It changes nothing.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))

import setup_env  # noqa: E402  (where the environment lies and when it is ready is its business)

ROOT = setup_env.ROOT
WEIGHTS = Path(os.environ.get("DENOISED_WEIGHTS", ROOT / "figures_src" / "weights"))
SPECIMENS = ROOT / "figures_src" / "denoised" / "data" / "specimens"
BROWSERS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
)  # as in tests/conftest.py

FINE, NOTE, MISSING = "fine", "note", "MISSING"  # a note is about something that `make site` does without
GB = 1e9
SPACE_BUILD = 2.0  # GB that figures, site and caches may take
SPACE_SETUP = 4.0  # GB more while there is no environment (torch without CUDA; with CUDA about 8)
MEMORY = 3.5  # GB in all: two render processes of about 1 GB, and the system


def ask(code: str, timeout: float = 300) -> dict | str | None:
    """Run a line in the environment's Python that prints JSON; None where it fails. Importing torch takes seconds,
    on a busy machine minutes."""
    try:
        done = subprocess.run(
            [str(setup_env.python()), "-c", code], capture_output=True, text=True, timeout=timeout, cwd=ROOT
        )
        return json.loads(done.stdout.strip().splitlines()[-1])
    except (OSError, ValueError, IndexError, subprocess.TimeoutExpired):
        return None


def check_python() -> tuple[str, str]:
    version = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < (3, 11):  # noqa: UP036  (whoever has an older Python shall read a sentence)
        return (
            MISSING,
            f"this is {version}; 3.11 or newer is needed: make PYTHON=python3.12 doctor, and so with the rest",
        )
    return FINE, f"{version} ({sys.executable})"


def check_environment() -> tuple[str, str]:
    if setup_env.python_is_ready():
        return FINE, f"{setup_env.VENV} is as requirements.lock says"
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        return MISSING, "this Python cannot make environments: on Debian and Ubuntu, `apt install python3-venv`"
    if not setup_env.python().exists():
        return (
            MISSING,
            "not made yet: `make site` makes it (TORCH_INDEX=... for torch without CUDA, see the authors' guide)",
        )
    return MISSING, "not the one that requirements.lock and this Python ask for: `make site` makes it anew"


def check_npm() -> tuple[str, str]:
    if setup_env.npm_is_ready(everything=True):
        return FINE, "fonts, scripts and the emoji sets"
    if setup_env.npm_is_ready(everything=False):
        return (
            NOTE,
            "what the site needs is there; `make test`, `make data` and `make train` fetch the emoji sets as well",
        )
    return (
        MISSING,
        "node_modules is not what package-lock.json says: `make site` installs it (Node itself is not needed)",
    )


def check_disk() -> tuple[str, str]:
    free = shutil.disk_usage(ROOT).free / GB
    wanted = SPACE_BUILD + (0 if setup_env.python().exists() else SPACE_SETUP)
    if free < wanted:
        return MISSING, f"{free:.1f} GB are free where the repository lies, {wanted:.0f} GB are needed: free some"
    for folder in (ROOT / "build", ROOT / "docs" / "assets"):
        nearest = next(path for path in (folder, *folder.parents) if path.exists())
        if not os.access(nearest, os.W_OK):
            return MISSING, f"{shown(folder)} cannot be written: `chmod u+w {nearest}`, or build in a clone of your own"
    return FINE, f"{free:.0f} GB free"


def check_memory() -> tuple[str, str]:
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / GB
    except (ValueError, OSError, AttributeError):
        return NOTE, f"this system does not say how much it has; {MEMORY:g} GB are enough"
    if total < MEMORY:
        return NOTE, f"{total:.1f} GB are little for two render processes: build with JOBS=1"
    return FINE, f"{total:.0f} GB"


def check_browser() -> tuple[str, str]:
    chosen = os.environ.get("CHROME")
    if chosen and not Path(chosen).exists():
        return MISSING, f"CHROME is {chosen}, which is not there: unset it, or name a Chromium or Chrome"
    found = chosen or next(filter(None, map(shutil.which, BROWSERS)), None)
    if found:
        return FINE, found
    state = MISSING if os.environ.get("REQUIRE_BROWSER") == "1" else NOTE
    return state, "none; only tests need one: `apt install chromium`, or set CHROME=/path/to/chrome"


def check_encoder() -> tuple[str, str]:
    """The ffmpeg that films are encoded with; imageio-ffmpeg brings it, IMAGEIO_FFMPEG_EXE replaces it."""
    if not setup_env.python().exists():
        return NOTE, "comes with the environment"
    answer = ask("import imageio_ffmpeg, json; print(json.dumps(imageio_ffmpeg.get_ffmpeg_exe()))")
    remedy = "`rm -r .venv && make site` brings it back, or set IMAGEIO_FFMPEG_EXE=/path/to/ffmpeg"
    if not answer:
        return MISSING, f"imageio-ffmpeg finds no ffmpeg: {remedy}"
    try:
        done = subprocess.run([answer, "-hide_banner", "-encoders"], capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired) as error:
        return MISSING, f"{answer} does not start ({getattr(error, 'strerror', None) or 'no answer'}): {remedy}"
    if "libx264" not in done.stdout:
        return MISSING, f"{answer} cannot encode H.264 (libx264): {remedy}"
    return FINE, answer


def check_weights() -> tuple[str, str]:
    """Every weight file against the sha256 that its card notes."""
    noted, wrong = {}, []
    for card in sorted(WEIGHTS.rglob("card.json")):
        try:
            entries = json.loads(card.read_text(encoding="utf-8"))["sha256"]
            noted |= {card.parent / name: digest for name, digest in entries.items()}
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            wrong.append((card, "names no hashes"))
    for path, digest in noted.items():
        if not path.is_file():
            wrong.append((path, "is missing"))
        elif sha256(path) != digest:
            wrong.append((path, "is not the file that its card notes"))
    for path in sorted(WEIGHTS.rglob("*.safetensors")):
        if path not in noted:
            wrong.append((path, "is noted in no card"))
    if not noted and not wrong:
        return MISSING, f"there are none in {shown(WEIGHTS)}: `git checkout -- figures_src/weights`"
    if wrong:
        path, why = wrong[0]
        more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
        return MISSING, f"{shown(path)} {why}{more}: `git checkout -- figures_src/weights`"
    size = sum(path.stat().st_size for path in noted) / 1e6
    return FINE, f"{len(noted)} files, {size:.0f} MB, each with the hash that its card notes"


def check_specimens() -> tuple[str, str]:
    needed = [SPECIMENS / "index.json", SPECIMENS / "sheet.webp"]
    for path in needed:
        if not path.is_file() or not path.stat().st_size:
            return MISSING, f"{shown(path)} is missing: `git checkout -- {shown(SPECIMENS)}`"
    return FINE, "icons that figures may use are there"


def check_gpu() -> tuple[str, str]:
    """Never required: all that is shipped is made for two cores."""
    if not setup_env.python().exists():
        return NOTE, "not looked for, since torch comes with the environment"
    code = (
        "import json, torch; c = torch.cuda; n = c.device_count() if c.is_available() else 0; "
        "p = [c.get_device_properties(i) for i in range(n)]; "
        "print(json.dumps({'torch': torch.__version__, 'gpus': [[q.name, q.total_memory] for q in p]}))"
    )
    answer = ask(code)
    if answer is None:
        return MISSING, "torch cannot be imported: `rm -r .venv && make site`"
    if answer["gpus"]:
        named = ", ".join(f"{name} with {memory / GB:.0f} GB" for name, memory in answer["gpus"])
        return FINE, f"{named} (torch {answer['torch']})"
    if shutil.which("nvidia-smi"):
        remedy = "`rm -r .venv && make site` without TORCH_INDEX"
        return NOTE, f"there is an NVIDIA driver, but torch {answer['torch']} does not see it: {remedy}"
    return NOTE, f"none (torch {answer['torch']}); nothing that is shipped needs one"


def sha256(path: Path) -> str:
    total = hashlib.sha256()
    with open(path, "rb") as file:
        for piece in iter(lambda: file.read(1 << 20), b""):
            total.update(piece)
    return total.hexdigest()


def shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else str(path)


CHECKS = (
    ("Python", check_python),
    ("environment", check_environment),
    ("npm packages", check_npm),
    ("disk", check_disk),
    ("memory", check_memory),
    ("weights", check_weights),
    ("specimens", check_specimens),
    ("encoder", check_encoder),
    ("browser", check_browser),
    ("GPU", check_gpu),
)


def main() -> int:
    missing = 0
    for name, check in CHECKS:
        try:
            state, words = check()
        except OSError as error:  # a disk or a folder that cannot even be asked
            state, words = MISSING, f"{error.strerror or error}: {error.filename or 'no file named'}"
        missing += state == MISSING
        print(f"  {name:<13} {state:<8} {words}", flush=True)
        if name == "Python" and state == MISSING:
            return 1  # whatever follows was written for a newer one
    if missing:
        print(f"{missing} of {len(CHECKS)} have to be put right before the site can be built here.")
        return 1
    print("Everything that `make site` needs is here.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
