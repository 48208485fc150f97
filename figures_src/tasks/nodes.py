"""Targets as pytask sees them."""

import hashlib
import sys
import time
from dataclasses import dataclass, field
from typing import Any

from denoised.errors import DenoisedError
from tasks import hashes, targets


@dataclass(kw_only=True)
class TargetNode:
    """A pytask node (its PNode protocol) whose state is the target's key as long as the target is whole.

    As a product it makes its task run when the key has changed, a file is missing, or a file is not what it was. The
    tasks carry `persist`, so pytask believes this and not its own memory: a lost pytask.lock re-renders nothing.
    """

    target: targets.Target
    name: str = ""
    attributes: dict[Any, Any] = field(default_factory=dict)

    def __post_init__(self):
        self.name = self.name or self.target.name

    @property
    def signature(self) -> str:
        return hashlib.sha256(f"target:{self.target.name}".encode()).hexdigest()

    def state(self) -> str | None:
        try:
            return self.target.state()
        except DenoisedError:
            return None  # the task itself says what is wrong

    def load(self, is_product: bool = False) -> Any:
        return self if is_product else self.target

    def save(self, value: Any) -> None:
        """Tasks put their files into place themselves."""


def key_or_error(target: targets.Target) -> str:
    """The key for pytask.lock. A target whose key cannot be computed runs, and fails with its sentence."""
    try:
        return target.key()
    except DenoisedError as error:
        return f"error: {error}"


def announced(target: targets.Target, make) -> None:
    """Make a target and say so in a line."""
    started = time.monotonic()
    make()
    hashes.save()
    print(f"  {target.name:<44} {time.monotonic() - started:6.1f} s", file=sys.stderr, flush=True)
