"""What a failed build tells: each cause once."""

import pytest
from _pytask.exceptions import NodeNotFoundError

from tasks.sentences import foreseen, sentence, together

DAMAGED = "weights figures_src/weights/x.safetensors, which are damaged (0 bytes); get them back with `git checkout`."


def test_one_cause_is_told_once_however_many_figures_it_stops():
    said = [f"Figure vae/{name} needs the {DAMAGED}" for name in "edcba"]
    assert together(["The disk is full.", *said, "The disk is full."]) == [
        "The disk is full.",
        f"Figures vae/a, vae/b, vae/c and 2 more need the {DAMAGED}",
    ]


def test_what_differs_is_told_apart():
    said = [f"Figure vae/a needs the {DAMAGED}", "Figure vae/b needs the weights 'y', which are not there.", "Other."]
    assert together(said) == said
    assert together([]) == []


@pytest.mark.parametrize("profile", ["tiny", "sd15"])
def test_what_was_saved_too_late_is_told_and_what_helps(profile):
    """Sources saved between the last look at them and pytask's own: it only says that a product is missing."""
    error = NodeNotFoundError(f"The task did not produce the following files:\n\n└── figure:{profile}/arch/tokens\n")
    assert foreseen(error)
    assert sentence(error) == "What arch/tokens is made from was saved just as it was done: run the same command again."


def test_what_a_task_does_not_find_is_another_matter():
    error = NodeNotFoundError("Some dependencies do not exist:\n\n└── a.txt\n\n(Hint: Your file-system is case-sensitive.)")
    assert not foreseen(error)
    assert "Some dependencies do not exist" in sentence(error)
