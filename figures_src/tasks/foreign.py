"""Figures on another profile's model: rendered where they can be, and where not, a manifest that says why.

A figure of the tiny profile may look at something that a real checkpoint does not have. That is no failure: its
manifest then has no files and a sentence under "skipped", which the site lists. An author can also say so beforehand,
with a line such as TINY_ONLY = "Its thresholds are those of pictures of 128 pixels." at the top of a figure.
"""

import ast
import json
from pathlib import Path

from denoised import profiles
from denoised.errors import DenoisedError


def render(figure_id: str, profile_name: str, out: Path, key: str, smoke: bool = False) -> Path:
    """Render below out/<profile>/: the manifest's path. DenoisedError for what is a failure on any profile."""
    from plotting.render import lab_for, render
    from plotting.source import read_source

    source, profile = read_source(figure_id), profiles.get(profile_name)
    reason = beforehand(source, profile)
    if reason is None:
        try:
            return render(figure_id, lab_for(source, smoke, profile=profile), out, smoke, key)
        except DenoisedError as error:
            reason = unsupported(error)
            if reason is None:
                raise
    manifest = {
        "id": figure_id,
        "title": source.title,
        "doc": source.doc,
        "claims": list(source.claims),
        "profile": profile.name,
        "smoke": smoke,
        "source": source.shown_path,
        "skipped": reason,
        "alt": "",
        "caption": "",
        "numbers": {},
        "files": {},
        "code_hash": key,
    }
    path = out / profile.name / f"{figure_id}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(manifest, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return path


def beforehand(source, profile: profiles.Profile) -> str | None:
    """What a figure's source says already: why it has nothing to do on this profile."""
    if not source.weights:
        return "It looks at no model, so it is the same on every profile."
    for name in source.weights:
        try:
            profile.path(name)
        except profiles.Unsupported as error:
            return str(error)
    for node in ast.parse(source.path.read_text(encoding="utf-8")).body:
        named = isinstance(node, ast.Assign) and getattr(node.targets[0], "id", None) == "TINY_ONLY"
        if named and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
            return node.value.value
    return None


def unsupported(error: BaseException) -> str | None:
    """The reason, if a figure failed because its profile's model is another one; None for any other failure."""
    while error is not None:
        if isinstance(error, profiles.Unsupported):
            return str(error)
        if isinstance(error, FileNotFoundError) and str(error.filename).endswith("card.json"):
            return "It reads from a card how the model was trained, which this checkpoint does not say."
        error = error.__cause__
    return None
