"""Listening to a pipeline at work: which modules are called, with which tensors, and which files are opened."""

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class Call:
    """One call of a module: the name it was given, and every tensor among its arguments, copied."""

    part: str
    tensors: list[torch.Tensor]


def _tensors(value) -> list[torch.Tensor]:
    if isinstance(value, torch.Tensor):
        return [value.detach().clone()]
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, list | tuple):
        return []
    return [tensor for part in value for tensor in _tensors(part)]


@contextmanager
def calls(modules: dict[str, torch.nn.Module]) -> Iterator[list[Call]]:
    """A list that fills, in order, with the calls of these modules, for as long as the block runs."""
    heard: list[Call] = []

    def listen(name):
        def hook(_module, args, kwargs):
            heard.append(Call(name, _tensors(args) + _tensors(kwargs)))

        return hook

    handles = [m.register_forward_pre_hook(listen(name), with_kwargs=True) for name, m in modules.items()]
    try:
        yield heard
    finally:
        for handle in handles:
            handle.remove()


_listeners: list[tuple[int, list[str]]] = []  # (thread, paths); the hook below can never be removed, only be silent
_installed = False


def _audit(event: str, args: tuple) -> None:
    if _listeners and event in ("open", "os.listdir", "os.scandir", "socket.connect"):
        for thread, paths in _listeners:
            if thread == threading.get_ident():
                paths.append(f"{event}: {args[0]}")


@contextmanager
def opened_files() -> Iterator[list[str]]:
    """A list that fills with what this thread opens: files, folders and network addresses (Python's audit events)."""
    global _installed
    if not _installed:
        sys.addaudithook(_audit)
        _installed = True
    paths: list[str] = []
    listener = (threading.get_ident(), paths)
    _listeners.append(listener)
    try:
        yield paths
    finally:
        _listeners[:] = [other for other in _listeners if other is not listener]
