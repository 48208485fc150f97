"""A stage manager's log: which part of a pipeline was called when, with which tensors, and which files were opened."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field

from torch import Tensor, nn

_WATCHING: list[list[str]] = []  # lists that want to hear of opened files; an audit hook can never be taken away
_HOOKED = False


@dataclass(frozen=True)
class Call:
    """One call of one part: shapes of the tensors that went in and of the first that came out."""

    part: str
    inputs: dict[str, tuple[int, ...]]
    output: tuple[int, ...]


@dataclass
class Log:
    """Calls in their order, and the files opened meanwhile. Use as `with watch(parts) as log:`."""

    parts: dict[str, nn.Module]
    calls: list[Call] = field(default_factory=list)
    files: list[str] = field(default_factory=list)

    def count(self, part: str) -> int:
        """How often `part` was called; 0 if never."""
        return sum(call.part == part for call in self.calls)

    def __enter__(self) -> Log:
        _listen(self.files)
        self._handles = [
            module.register_forward_hook(self._note(name), with_kwargs=True) for name, module in self.parts.items()
        ]
        return self

    def __exit__(self, *error) -> None:
        for handle in self._handles:
            handle.remove()
        _WATCHING[:] = [one for one in _WATCHING if one is not self.files]

    def _note(self, name: str):
        def hook(module, args, kwargs, output):
            given = {str(i): value for i, value in enumerate(args)} | kwargs
            inputs = {key: tuple(value.shape) for key, value in given.items() if isinstance(value, Tensor)}
            self.calls.append(Call(name, inputs, _shape(output)))

        return hook


# --8<-- [start:watch]
def watch(pipe) -> Log:
    """A log of a Stable Diffusion pipeline's four parts; the VAE counts as two, since they sleep separately."""
    parts = {
        "text encoder": pipe.text_encoder,
        "U-Net": pipe.unet,
        "VAE encoder": pipe.vae.encoder,
        "VAE decoder": pipe.vae.decoder,
    }
    return Log(parts)
    # --8<-- [end:watch]


def _shape(output) -> tuple[int, ...]:
    """Shape of the first tensor of whatever a module returns."""
    if isinstance(output, Tensor):
        return tuple(output.shape)
    first = output[0] if isinstance(output, tuple | list) else next(iter(output.values()))
    return tuple(first.shape)


def _listen(files: list[str]) -> None:
    global _HOOKED
    if not _HOOKED:
        sys.addaudithook(_heard)
        _HOOKED = True
    _WATCHING.append(files)


def _heard(event: str, arguments: tuple) -> None:
    if event == "open" and _WATCHING:
        for files in _WATCHING:
            files.append(str(arguments[0]))
