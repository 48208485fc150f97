"""Writing token by token gives what one pass over the whole gives, and the bytes are those counted elsewhere."""

import pytest
import torch

from denoised.models import sequences
from denoised.probes import kept
from denoised.probes.writing import Writer


@pytest.mark.parametrize("kind", sequences.KINDS)
def test_reading_on_and_writing_give_what_one_pass_gives(kind):
    writer = Writer(kind, longest=64)
    x = torch.randn(1, 24, writer.width, generator=torch.Generator().manual_seed(1))
    found = [writer.read(x[:, :10]), writer.read(x[:, 10:20]) if kind != "transformer" else writer.step(x[:, 10:11])]
    start = sum(part.shape[1] for part in found)
    found += [writer.step(x[:, t : t + 1]) for t in range(start, 24)]
    with torch.no_grad():
        assert torch.allclose(torch.cat(found, 1), writer.body(x), atol=1e-5)


@pytest.mark.parametrize("kind", ["lstm", "rwkv", "mamba", "transformer", "cnn"])
def test_bytes_are_those_of_the_other_count(kind):
    writer = Writer(kind, longest=64)
    writer.read(torch.zeros(1, 50, writer.width))
    assert writer.bytes() == kept.bytes_kept(kind, 50)


def test_a_filled_cache_is_as_large_as_one_that_was_read():
    writer = Writer("transformer")
    writer.fill(300)
    assert writer.bytes() == kept.bytes_kept("transformer", 300)
    writer.step(torch.zeros(1, 1, writer.width))
    assert writer.bytes() == kept.bytes_kept("transformer", 301)
