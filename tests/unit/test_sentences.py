"""What a failed build tells: each cause once."""

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


def test_what_was_saved_too_late_is_told_and_what_helps():
    """Sources saved between the last look at them and pytask's own: it only says that a product is missing."""
    error = NodeNotFoundError("The task did not produce the following files:\n\n└── figure:tiny/arch/tokens\n")
    assert foreseen(error)
    assert sentence(error) == "What arch/tokens is made from was saved just as it was done: run the same command again."
