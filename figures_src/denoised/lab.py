"""What a figure is handed: the weights and data it declared, and a seed. Nothing else, so that its content
key is right."""

from __future__ import annotations

import copy
import hashlib
import json
from functools import lru_cache
from pathlib import Path

from denoised import paths, profiles
from denoised.errors import DenoisedError

DATA_FOLDERS = {"specimens": paths.SPECIMENS}


def seed_of(*parts) -> int:
    """A seed in [0, 2**63) from names and numbers, the same on every machine and in every Python."""
    digest = hashlib.sha256("/".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def covers(declared, wanted: str) -> bool:
    """True if `wanted` ("emoji-sd/vae") or a folder it lies in is among the declared names."""
    return any(wanted == name or wanted.startswith(name.rstrip("/") + "/") for name in declared)


def weight_files(name: str, profile: profiles.Profile = profiles.tiny) -> list[Path]:
    """Every file of a declared weight (a folder or one file under the profile's weights), sorted.
    DenoisedError if there is none."""
    path = profile.path(name)
    found = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.is_file() and not _hidden(p, path))
    if not found:
        raise DenoisedError(f"The weights {_shown(path)} are missing; get them back with {_remedy(path, profile)}.")
    return found


def weight_hashes(names, profile: profiles.Profile = profiles.tiny) -> dict[str, str]:
    """{"emoji-sd/vae/diffusion_pytorch_model.safetensors": sha256, ...} of the declared weights' tensors."""
    files = {path for name in names for path in weight_files(name, profile) if path.suffix == ".safetensors"}
    return {p.relative_to(profile.weights_folder).as_posix(): _sha256(p) for p in sorted(files)}


def _hidden(path: Path, root: Path) -> bool:
    """Is a file nobody's weight: Python's cache, or what a download keeps for itself?"""
    return any(part == "__pycache__" or part.startswith(".") for part in path.relative_to(root).parts)


def data_path(name: str) -> Path:
    """Where a name in a figure's DATA lies: "specimens", or a file in it such as "specimens/photo.png"."""
    root, _, rest = name.partition("/")
    if root not in DATA_FOLDERS:
        raise DenoisedError(f"'{name}' is not data that a figure can declare; there is: {', '.join(DATA_FOLDERS)}.")
    path = DATA_FOLDERS[root] / rest if rest else DATA_FOLDERS[root]
    if not path.exists():
        raise DenoisedError(
            f"The data {_shown(path)} are missing; get them back with `git checkout -- {_shown(path)}`."
        )
    return path


def _sha256(path: Path) -> str:
    stat = path.stat()
    return _hash_of(path, (stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino))


@lru_cache(maxsize=256)  # a checkpoint's gigabytes are read once a process, not once a figure
def _hash_of(path: Path, mark: tuple) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _shown(path: Path) -> str:
    return path.relative_to(paths.ROOT).as_posix() if path.is_relative_to(paths.ROOT) else str(path)


def _remedy(path: Path, profile: profiles.Profile) -> str:
    if not profile.trained_here:
        return f"`{profile.remake}`"
    return f"`git checkout -- {_shown(path)}` or make them with `{profile.remake}`"


def _autoencoder(folder: Path):
    import torch
    from diffusers import AutoencoderKL

    return AutoencoderKL.from_pretrained(folder, torch_dtype=torch.float32, local_files_only=True)


class Lab:
    """A figure's bench. `lab.profile`, `lab.seed`, `lab.smoke`; models come as float32, in eval mode,
    without gradients."""

    def __init__(
        self,
        figure_id: str,
        weights=(),
        data=(),
        seed: int = 0,
        smoke: bool = False,
        profile: profiles.Profile = profiles.tiny,
    ):
        self.figure_id, self.weights, self.data = figure_id, tuple(weights), tuple(data)
        self.seed, self.smoke, self.profile = seed, smoke, profile
        self._loaded: dict = {}

    def generator(self, name: str):
        """A torch.Generator on the CPU whose stream depends on the lab's seed, the figure and `name` only."""
        import torch

        return torch.Generator().manual_seed(seed_of(self.seed, self.figure_id, name))

    def weight(self, name: str) -> Path:
        """Path of a declared weight, file or folder, after checking that its files are whole. For models
        that have no method here."""
        self._declared("WEIGHTS", self.weights, name)
        for path in weight_files(name, self.profile):
            self._check(path)
        return self.profile.path(name)

    def pipeline(self):
        """The profile's pipeline: the small StableDiffusionPipeline, or a real checkpoint's. Needs WEIGHTS =
        ("emoji-sd",)."""
        folder = self.weight(profiles.OURS)
        if "pipeline" not in self._loaded:
            from denoised.pipeline import load

            if not self.profile.trained_here:
                self._loaded["pipeline"] = self._load(lambda: load(folder, self.profile), folder)
                return self._loaded["pipeline"]
            pipe = self._load(lambda: load(folder), folder)
            for part in pipe.components.values():
                if hasattr(part, "parameters"):
                    self._settle(part, folder)
            self._loaded["pipeline"] = pipe
        return self._loaded["pipeline"]

    def vae(self, decoder: str = "base"):
        """The AutoencoderKL; `decoder` "openmoji" or "noto" lays that fine-tuned decoder over it (same
        encoder, so the same latents). Needs WEIGHTS "emoji-sd/vae" and, for another decoder,
        "decoders/<name>"."""
        folder = self.weight(f"{profiles.OURS}/vae")
        overlay = None if decoder == "base" else self.weight(f"decoders/{decoder}/decoder.safetensors")
        if ("vae", decoder) not in self._loaded:
            if not self.profile.trained_here:
                from denoised.pipeline import load_vae

                self._loaded["vae", decoder] = self._load(lambda: load_vae(folder), folder)
                return self._loaded["vae", decoder]
            if overlay is None:
                vae = self._load(lambda: _autoencoder(folder), folder)
            else:
                vae = copy.deepcopy(self.vae())
                self._lay_over(vae, overlay)
            self._loaded["vae", decoder] = self._settle(vae, overlay or folder)
        return self._loaded["vae", decoder]

    def specimens(self):
        """The icons shipped with the repository: .images uint8 [N, 128, 128, 3] on white, .alpha uint8 [N,
        128, 128], .records (style, name, concept, group, split). Needs DATA = ("specimens",)."""
        self._declared("DATA", self.data, "specimens")
        if "specimens" not in self._loaded:
            from denoised.data import specimens

            data_path("specimens")
            self._loaded["specimens"] = specimens.load()
        return self._loaded["specimens"]

    def data_file(self, name: str) -> Path:
        """Path of declared data, such as "specimens/photo.png"."""
        self._declared("DATA", self.data, name)
        return data_path(name)

    def _declared(self, where: str, declared: tuple, name: str) -> None:
        if not covers(declared, name):
            raise DenoisedError(
                f"Figure {self.figure_id} asks for {name}, which its {where} does not declare; "
                f'add "{name}" there, so that the figure is made again when it changes.'
            )

    def _damaged(self, path: Path, why: str) -> DenoisedError:
        remedy = _remedy(path, self.profile)
        return DenoisedError(f"The weights {_shown(path)} are damaged ({why}); get them back with {remedy}.")

    def _check(self, path: Path) -> None:
        """A cheap look that finds what happens to files: cut short, empty, a pointer or a page of HTML in
        their place."""
        try:
            if path.suffix == ".safetensors":
                from safetensors import safe_open

                with safe_open(path, framework="np") as file:
                    file.keys()
            elif path.suffix == ".json":
                json.loads(path.read_text(encoding="utf-8"))
        except Exception as error:
            raise self._damaged(path, str(error).strip().split("\n")[0] or type(error).__name__) from error

    def _load(self, load, folder: Path):
        try:
            return load()
        except DenoisedError:
            raise
        except Exception as error:
            raise self._damaged(folder, f"{type(error).__name__}: {str(error).strip().split(chr(10))[0]}") from error

    def _lay_over(self, vae, path: Path) -> None:
        from safetensors.torch import load_file

        state = {name: value.float() for name, value in load_file(path).items()}
        expected = {name for name in vae.state_dict() if name.startswith(("decoder.", "post_quant_conv."))}
        if set(state) != expected:
            odd = sorted(set(state) ^ expected)[0]
            raise self._damaged(path, f"its tensors are not those of this VAE's decoder, first {odd}")
        self._load(lambda: vae.load_state_dict(state, strict=False), path)

    def _settle(self, model, path: Path):
        import torch

        for name, value in model.state_dict().items():
            if value.is_meta:  # the loader only warns about a tensor that it did not find
                raise self._damaged(path, f"{name} is not in the file")
            if value.is_floating_point() and not torch.isfinite(value).all():
                raise self._damaged(path, f"{name} is not finite")
        model = model.eval().requires_grad_(False).float()
        if type(model).__name__ == "AutoencoderKL":  # its large maps are read faster pixel by pixel; the U-Net's are small
            model.to(memory_format=torch.channels_last)
        return model
