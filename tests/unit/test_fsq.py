"""Pictures as tokens: numbers there and back, gradients through the rounding, and a teller that tells as it has read."""

import torch

from denoised.models import fsq


def test_every_token_is_one_set_of_digits():
    tokens = torch.arange(fsq.WORDS)
    tokens = torch.cat([tokens, tokens[: -fsq.WORDS % fsq.PLACES]]).view(-1, fsq.PLACES)
    digits = fsq.to_digits(tokens)
    for channel, level in enumerate(fsq.LEVELS):
        assert digits[:, channel].unique().tolist() == list(range(level))
    assert torch.equal(fsq.to_tokens(digits), tokens)
    a, b, c, d = digits[3, :, 2, 5].int().tolist()
    assert int(tokens[3, 2 * 8 + 5]) == ((a * 5 + b) * 5 + c) * 5 + d


def test_digits_are_whole_and_gradients_pass_as_if_they_were_not():
    z = torch.randn(2, 4, 8, 8).requires_grad_(True)
    digits = fsq.quantize(z)
    assert torch.allclose(digits, digits.round(), atol=1e-6) and float(digits.detach().min()) >= 0
    for channel, level in enumerate(fsq.LEVELS):
        assert float(digits.detach()[:, channel].max()) <= level - 1
    digits[:, 0].sum().backward()
    smooth = torch.sigmoid(z) * (1 - torch.sigmoid(z)) * (fsq.LEVELS[0] - 1)
    assert torch.allclose(z.grad[:, 0], smooth[:, 0]) and not z.grad[:, 1:].any()


def test_a_teller_never_looks_ahead_and_tells_with_its_cache_what_a_whole_pass_says():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        teller = fsq.Teller((3, 2), width=32, layers=2).eval()
    labels, tokens = torch.tensor([[1, 2], [3, 1]]), torch.randint(fsq.WORDS, (2, 63))
    with torch.no_grad():
        whole = teller(labels, tokens)
        other = tokens.clone()
        other[:, 30:] = 7
        assert whole.shape == (2, 64, fsq.WORDS)
        assert torch.allclose(whole[:, :31], teller(labels, other)[:, :31], atol=1e-5)
        told = teller.tell(labels, seed=1, s=1.0)
        chances = teller(labels, told[:, :-1]).softmax(-1)
    generator = torch.Generator().manual_seed(1)
    again = [torch.multinomial(chances[:, place], 1, generator=generator)[:, 0] for place in range(fsq.PLACES)]
    assert torch.equal(torch.stack(again, 1), told)
