"""How each target is made. The pytask tasks and the watcher call these; each leaves a whole target or raises.

New files are made aside and renamed into place, and what says "this is whole" (a manifest, a stamp) comes last, so a
build killed at any moment leaves either a whole target or one that the next build makes again.
"""

import contextlib
import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from denoised import paths
from denoised.errors import DenoisedError
from tasks import closure, hashes, pool, targets

if TYPE_CHECKING:
    from nbclient import NotebookClient

PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle")
WORK = hashes.BUILD / "work"  # where things are made; emptied at the start of a build
_NO_TORCH = "import sys; sys.modules['torch'] = None; "  # rendering pages never needs torch: importing it fails
_LEASH = "import os, threading as t; t.Thread(target=lambda: (os.read(0, 1), os._exit(1)), daemon=True).start(); "
_LATER = "from tasks import fresh, later; fresh.install(); later.install('jupytext', 'mkdocs_jupyter.convert'); "
_WASTEFUL = "import gc; gc.disable(); "  # a build of seconds looks for garbage a tenth of its time
_MKDOCS = _LATER + "from mkdocs.__main__ import cli; cli(prog_name='mkdocs')"


def sweep() -> None:
    """Throw away what a killed build left behind. Only under the build's lock."""
    shutil.rmtree(WORK, ignore_errors=True)
    for folder, pattern in (
        (targets.VENDOR, ".*.tmp"),
        (targets.FIGURES, ".*.draft"),
        (targets.NOTEBOOKS, ".*.draft"),
        (hashes.BUILD, ".*.draft"),
        (hashes.BUILD / "templates", "*.tmp"),
    ):
        if folder.is_dir():
            for draft in folder.rglob(pattern):
                draft.unlink(missing_ok=True)
    for kept in hashes.BUILD.glob("notebook-pages/*/*"):
        try:
            json.loads(kept.read_bytes())
        except ValueError:  # the plugin of mkdocs writes in place: this one was cut short
            kept.unlink()


def orphans(profile: str, figures: list[targets.Figure]) -> list[Path]:
    """Files among a profile's figures that no manifest of an existing figure names (a figure renamed or removed)."""
    named = set()
    for figure in figures:
        named.add(figure.manifest_path)
        try:
            files = json.loads(figure.manifest_path.read_text(encoding="utf-8"))["files"]
            named.update(figure.folder / name for name in files)
        except (OSError, ValueError, KeyError, TypeError):
            named.update(figure.folder.glob(f"{figure.manifest_path.stem}.*"))
    return [path for path in hashes.tree(targets.FIGURES / profile) if path not in named]


def _aside() -> Path:
    WORK.mkdir(parents=True, exist_ok=True)
    return Path(tempfile.mkdtemp(dir=WORK))


def make_figure(figure: targets.Figure, worker: pool.Worker) -> None:
    """Render aside, make sure that no source changed meanwhile, move the files, and the manifest last."""
    for _ in range(3):
        closure.forget()
        key = figure.key()
        check_weights(figure)
        aside = _aside()
        try:
            worker.render(figure.id, aside, key)
            closure.forget()
            if figure.key() != key:
                continue  # saved while it was being rendered: nobody knows which of both this is
            _take(figure, aside, key)
            return
        finally:
            shutil.rmtree(aside, ignore_errors=True)
    raise DenoisedError(f"Figure {figure.id} kept changing while it was being rendered; build again when it is saved.")


def _take(figure: targets.Figure, aside: Path, key: str) -> None:
    made = aside / figure.profile / f"{figure.id}.json"
    try:
        manifest = json.loads(made.read_text(encoding="utf-8"))
        names = list(manifest["files"])
    except (OSError, ValueError, KeyError) as error:
        raise DenoisedError(f"Rendering {figure.id} wrote no readable manifest.") from error
    if manifest.get("code_hash") != key:
        raise DenoisedError(f"Rendering {figure.id} wrote a manifest with another key than the one it was given.")
    check_drawings(figure.id, [made.parent / name for name in names])
    figure.folder.mkdir(parents=True, exist_ok=True)
    before = set(figure.folder.glob(f"{made.stem}.*"))
    for name in names:
        target = figure.folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        _move(made.parent / name, target)
    _move(made, figure.manifest_path)
    for stale in before - {figure.folder / name for name in names} - {figure.manifest_path}:
        stale.unlink(missing_ok=True)
    if not figure.whole():
        raise DenoisedError(f"Rendering {figure.id} wrote files that do not match their manifest.")


def check_drawings(figure_id: str, files: list[Path]) -> None:
    """DenoisedError for an SVG that could run code or ask another host: it is not published."""
    from sitekit.svg_check import svg_problem

    for path in files:
        if path.suffix == ".svg" and (problem := svg_problem(path.read_bytes())):
            raise DenoisedError(f"Figure {figure_id}: {path.name} {problem}.")


def check_icons(style: str, icons: dict) -> None:
    """DenoisedError for an icon that is more than a drawing: what draws it would read files of this machine."""
    from sitekit.svg_check import svg_problem

    names = 'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    for name, icon in icons.get("icons", {}).items():
        if problem := svg_problem(f"<svg {names}>{icon['body']}</svg>".encode()):
            raise DenoisedError(f"The icon {style}/{name} {problem}: reinstall with `npm ci`.")


def _move(source: Path, target: Path) -> None:
    """Rename; where build/ lies on another disk, copy beside the target first."""
    try:
        os.replace(source, target)
    except OSError as error:
        if error.errno != 18:  # EXDEV
            raise
        draft = target.with_name(f".{target.name}.{os.getpid()}.draft")
        try:
            shutil.copyfile(source, draft)
            os.replace(draft, target)
        finally:
            draft.unlink(missing_ok=True)


def check_weights(figure: targets.Figure) -> None:
    """Every declared weight file: cut short, or not the one that its card vouches for -> one clear sentence."""
    for name in figure.declared("WEIGHTS"):
        for entry, digest in figure.weight_files(name):
            path = figure.weights_root() / entry
            if path.suffix in PICKLES and figure.profile == "tiny":  # a checkpoint's are left alone, and never opened
                raise DenoisedError(
                    f"Figure {figure.id} needs the weights {closure.relative(path)}, which are no safetensors but a "
                    f"pickle, and that can run code when it is opened: convert it to safetensors, or remove it."
                )
            if path.suffix != ".safetensors":
                continue
            damage = safetensors_damage(path)
            if not damage and digest != (_noted_hash(path) or digest):
                damage = "their content is not what their card.json notes"
            if damage:
                shown = closure.relative(path)
                remedy = (
                    f"git checkout -- {shown}" if figure.profile == "tiny" else f"rm {shown}` and fetch it with `hf"
                )
                raise DenoisedError(
                    f"Figure {figure.id} needs the weights {shown}, which are damaged ({damage}); "
                    f"get them back with `{remedy}`."
                )


def _noted_hash(path: Path) -> str | None:
    """The sha256 of a weight file by the card beside it or above it, where the card notes one."""
    for folder in (path.parent, path.parent.parent):
        try:
            noted = json.loads((folder / "card.json").read_text(encoding="utf-8"))["sha256"]
            return noted[path.relative_to(folder).as_posix()]
        except (OSError, ValueError, KeyError, TypeError):
            continue
    return None


def safetensors_damage(path: Path) -> str | None:
    """What is wrong with a safetensors file's frame: 8 bytes of length, a JSON header, then exactly the tensors."""
    size = path.stat().st_size
    with open(path, "rb") as file:
        start = file.read(8)
        length = int.from_bytes(start, "little")
        if len(start) < 8 or length > size - 8:
            return "the file is cut short or is no safetensors file"
        try:
            header = json.loads(file.read(length))
            ends = [entry["data_offsets"][1] for name, entry in header.items() if name != "__metadata__"]
        except (ValueError, KeyError, TypeError, IndexError):
            return "its header cannot be read"
    expected = 8 + length + max(ends, default=0)
    return None if size == expected else f"{size} bytes instead of {expected}"


def make_vendor(target: targets.Vendor) -> None:
    from sitekit.vendor import VendorError, vendor

    key = target.key()
    target.stamp.unlink(missing_ok=True)
    try:
        vendor(paths.NODE_MODULES, targets.VENDOR)
    except VendorError as error:
        raise DenoisedError(str(error)) from error
    target.sign(key)


_kernels: dict[str, "NotebookClient"] = {}  # of the notebooks that run at this moment


def make_notebook(target: targets.Notebook, threads: int | None = None) -> None:
    """Run the percent-format notebook in a kernel of its own, with so many threads (all cores' if None); an exception
    in a cell fails the build."""
    import jupytext
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    key = target.key()
    name = closure.relative(target.source)
    environment = os.environ | {"PYTHONPATH": str(paths.SRC)}
    if threads:
        environment["OMP_NUM_THREADS"] = str(threads)
    notebook = jupytext.read(target.source)
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    client = NotebookClient(
        notebook,
        timeout=pool.TIME_LIMIT,
        kernel_name="python3",
        coalesce_streams=True,  # or lines stand apart as they happened to come
        extra_arguments=[
            '--IPKernelApp.exec_lines=["from tasks import fresh; fresh.install()"]',
            '--IPKernelApp.log_level="ERROR"',  # it warns that its port on this machine is not encrypted
        ],
        resources={"metadata": {"path": str(target.source.parent)}},
    )
    _kernels[target.name] = client
    try:
        client.execute(env=environment)
    except CellTimeoutError as error:
        raise DenoisedError(f"{name}: a cell was not done after {pool.TIME_LIMIT:g} s.") from error
    except DeadKernelError as error:
        raise DenoisedError(f"{name}: its kernel died.") from error
    except CellExecutionError as error:
        raise DenoisedError(f"{name}: a cell raised {error.ename}: {error.evalue}") from error
    finally:
        del _kernels[target.name]
    for index, cell in enumerate(notebook.cells):
        cell["id"] = f"cell-{index}"  # random otherwise, and the file would differ with each run
        cell.metadata.pop("execution", None)
        if "outputs" in cell:  # what libraries complain about is no part of a page, and names paths of this machine
            cell.outputs = [output for output in cell.outputs if output.get("name") != "stderr"]
    target.stamp.unlink(missing_ok=True)
    hashes.write_text(target.product, nbformat.writes(notebook))
    closure.forget()
    if target.key() != key:
        raise DenoisedError(f"{name} changed while it was being run; build again.")
    target.sign(key)


def stop_notebooks() -> None:
    """Kill the kernels of all notebooks that are being run; whoever waits for one gets its DenoisedError."""
    for client in list(_kernels.values()):
        process = getattr(getattr(client.km, "provisioner", None), "pid", None)
        if process:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)


def check_text(files: list[Path]) -> None:
    """Pages and settings that are no text: mkdocs would end in a traceback that names no file."""
    for path in files:
        if path.suffix in (".md", ".yml", ".yaml", ".bib") and path.is_file():
            data = path.read_bytes()
            try:
                data.decode("utf-8")
            except UnicodeDecodeError as error:
                line = data.count(b"\n", 0, error.start) + 1
                raise DenoisedError(
                    f"{closure.relative(path)}, line {line}: not a text in UTF-8; save it as UTF-8 or get it back "
                    f"with `git checkout -- {closure.relative(path)}`."
                ) from None


def mkdocs_command(*arguments: str) -> tuple[list[str], dict[str, str]]:
    """(command, environment) of an mkdocs in which importing torch is an error. Give it a pipe as standard input: it ends
    when the other end closes, so that it does not outlive whoever started it."""
    environment = dict(os.environ, PYTHONPATH=str(paths.SRC), PYTHONDONTWRITEBYTECODE="1", NO_MKDOCS_2_WARNING="1")
    # Pages of notebooks, compiled templates, what the search reads: kept by content; other packages start anew.
    packages = hashes.file_hash(paths.ROOT / "requirements.lock") or "none"
    environment["NOTEBOOK_PAGES"] = str(hashes.BUILD / "notebook-pages" / packages[:12])
    environment["TEMPLATES"] = str(hashes.BUILD / "templates" / packages[:12])
    environment["SEARCH_SECTIONS"] = str(hashes.BUILD / "search-sections" / packages[:12])
    waste = _WASTEFUL if arguments[0] == "build" else ""
    return [sys.executable, "-P", "-c", waste + _NO_TORCH + _LEASH + _MKDOCS, *arguments], environment


def make_site(target: targets.Site, keep_open: tuple[int, ...] = ()) -> None:
    """mkdocs build --strict into a folder aside, then swap the folders. `keep_open`: the build's lock, which mkdocs shares,
    so that the next build waits until a killed one writes nothing more."""
    key = target.key()
    if targets.SITE.exists() and not targets.SITE.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(targets.SITE))
    check_text([paths.ROOT / "mkdocs.yml", *hashes.tree(targets.DOCS, lambda path: path == targets.DOCS / "assets")])
    aside = _aside()
    # Without --quiet, which would keep --strict from seeing any warning.
    command, environment = mkdocs_command("build", "--strict", "--site-dir", str(aside / "site"))
    environment["OLD_SITE"] = str(targets.SITE)
    leash, end = os.pipe()
    try:
        done = subprocess.run(command, cwd=paths.ROOT, env=environment, stdin=leash, pass_fds=keep_open,
                              capture_output=True, text=True)  # fmt: skip
    finally:
        os.close(leash)
        os.close(end)
    if done.returncode:
        lines = (done.stderr + done.stdout).splitlines()
        log = "\n".join(line for line in lines if line.strip() and not line.startswith(("INFO", "DEBUG")))
        if "No space left on device" in log:
            raise OSError(28, "No space left on device")
        print(log, file=sys.stderr)
        raise DenoisedError("mkdocs refused to build the site; what it said stands above.")
    target.stamp.unlink(missing_ok=True)
    if targets.SITE.exists():
        os.rename(targets.SITE, aside / "old")
    _move_folder(aside / "site", targets.SITE)
    shutil.rmtree(aside, ignore_errors=True)
    if target.key() == key:  # else a page was saved meanwhile: leave it unsigned, the next build makes it again
        target.sign(key)


def _move_folder(source: Path, target: Path) -> None:
    try:
        os.rename(source, target)
    except OSError as error:
        if error.errno != 18:
            raise
        shutil.copytree(source, target)
