"""The study of recall and the study of streams: what is asked, what counts, and that somebody learns."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from denoised.errors import DenoisedError
from denoised.studies import recall


def test_questions_have_the_answer_that_a_dictionary_gives():
    tokens, right = recall.questions(50, 6, 4, np.random.default_rng(0))
    assert tokens.shape == right.shape == (50, 16) and (right[:, :12] == -1).all()
    for row, wanted in zip(tokens, right, strict=True):
        known = dict(zip(row[:12:2], row[1:12:2], strict=True))
        assert len(known) == 6 and set(known) <= set(recall.KEYS) and set(known.values()) <= set(recall.VALUES)
        assert [known[key] for key in row[12:]] == list(wanted[12:])
        assert len(set(row[12:])) == 4


def test_copying_asks_for_what_is_left_without_the_blanks():
    tokens, right = recall.copying(50, 20, 4, np.random.default_rng(0))
    for row, wanted in zip(tokens, right, strict=True):
        assert list(row[:20][row[:20] != recall.BLANK]) == list(wanted[20:])
        assert (row[20:] == recall.ASK).all() and (wanted[:20] == -1).all()


def test_confused_counts_answers_to_other_questions_only():
    right = np.array([[1, 2, 3, 4]])
    assert recall.confused(np.array([[2, 2, 9, 4]]), right) == 0.25
    assert recall.confused(right, right) == 0


def test_a_perfect_and_a_stubborn_reader():
    tokens, right = recall.questions(5, 3, 3, np.random.default_rng(1))

    class Stubborn(torch.nn.Module):
        def forward(self, tokens):
            return torch.nn.functional.one_hot(torch.full_like(tokens, 20), recall.VOCABULARY).float()

    assert (recall.answers(Stubborn(), tokens, right, batch=2) == 20).all()


def test_one_fact_is_soon_learnt_and_what_is_learnt_is_kept_without_gradient():
    settings = replace(recall.SETTINGS, pairs=(1,), warmup=10)
    model, losses = recall.train("questions", "gru", 0, settings, steps=160)
    assert losses[-1] < 0.3 < 2 < losses[0]
    assert not model.training and not any(p.requires_grad for p in model.parameters())
    tokens, right = recall.questions(64, 1, 1, np.random.default_rng(2))
    assert (recall.answers(model, tokens, right)[:, 0] == right[:, -1]).mean() > 0.95


def test_those_that_are_slow_get_more_steps_of_copying_only():
    s = recall.SETTINGS
    assert {recall.patience("questions", kind) for kind in s.questions} == {s.steps}
    assert recall.patience("copying", "transformer") == s.slow_steps > recall.patience("copying", "gru")


def test_results_of_other_settings_are_refused(tmp_path):
    facts, arrays = recall.load("questions")
    assert set(facts["runs"]) == set(recall.SETTINGS.questions)
    assert all(len(runs) == len(recall.SETTINGS.seeds) for runs in facts["runs"].values())
    with pytest.raises(DenoisedError, match="another version of the study"):
        recall.load("questions", settings=replace(recall.SETTINGS, batch=8))
    with pytest.raises(DenoisedError, match="cannot be read"):
        recall.load("questions", tmp_path)


def test_kept_weights_answer_as_the_study_says():
    from denoised.models import sequences

    facts, arrays = recall.load("questions")
    model, start = sequences.build("transformer", recall.VOCABULARY, 9).eval(), "w_transformer/"
    model.load_state_dict({k.removeprefix(start): torch.as_tensor(w).float() for k, w in arrays.items() if start in k})
    tokens, right = recall.questions(32, 4, 4, np.random.default_rng(5))
    said = recall.answers(model, tokens, right)
    correct, asked, _ = facts["runs"]["transformer"][0]["all_4"]
    assert abs((said == right[right >= 0].reshape(32, 4)).mean() - correct / asked) < 0.05
