"""What a sequence model has to keep between two tokens, in bytes, and how many steps have to wait for one another."""

import threading

import torch

from denoised.models import sequences

READ = 256  # tokens that recurrent models are fed with at most


def tensors(thing) -> list[torch.Tensor]:
    """All tensors inside lists, tuples, dictionaries and the caches of transformers."""
    if torch.is_tensor(thing):
        return [thing]
    if isinstance(thing, dict):
        thing = thing.values()
    elif not isinstance(thing, list | tuple | set):
        inside = hasattr(thing, "layers") or type(thing).__module__.startswith("transformers")
        thing = vars(thing).values() if inside else ()
    return [t for part in thing for t in tensors(part)]


def size(thing) -> int:
    """Bytes of all different tensors inside `thing`."""
    return sum(t.numel() * t.element_size() for t in {t.data_ptr(): t for t in tensors(thing) if t.numel()}.values())


@torch.no_grad()
def bytes_kept(kind: str, length: int, width: int | None = None) -> int:
    """Bytes that a model of `kind` keeps after `length` tokens of one sequence, so that it can read the next one.

    A recurrent model really reads them, but no more than READ: what it keeps has the same shapes from the first token on.
    A Transformer's cache is filled rather than decoded. A convolution keeps the tokens that it still sees.
    """
    import transformers as t

    width = width or sequences.WIDTHS[kind]
    model, some = sequences.body(kind, width).eval(), torch.zeros(1, min(READ, length), width)
    if kind in ("rnn", "lstm", "gru"):
        return size(model.inner(some)[1])
    if kind in ("cnn", "cnn_near"):
        return sum(min(layer.reach, length) * width * 4 for layer in model)
    if kind == "rwkv":
        return size(model.inner(inputs_embeds=some, use_cache=True).state)
    if kind in ("mamba", "mamba2"):
        return size(model.inner(inputs_embeds=some, use_cache=True).cache_params)
    config = model.inner.config
    cache = t.DynamicCache(config=config)
    shape = 1, config.num_key_value_heads, length, width // config.num_attention_heads
    for layer in range(config.num_hidden_layers):
        cache.update(torch.zeros(shape), torch.zeros(shape), layer)
    return size(cache)


def operations(length: int, width: int | None = None) -> int:
    """Multiplications and additions of one pass of the Transformer over `length` tokens. Counted on shapes alone, in
    the plain form of attention: every score that is later masked is still computed."""
    from torch.utils.flop_counter import FlopCounterMode

    width = width or sequences.WIDTHS["transformer"]
    inner = sequences.stock("transformer", width, attn_implementation="eager").to("meta")
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        mask = torch.zeros(1, 1, length, length, device="meta")  # given, since its making asks for values
        inner(inputs_embeds=torch.zeros(1, length, width, device="meta"), attention_mask=mask, use_cache=False)
    return counter.get_total_flops()


# --8<-- [start:depth]
def longest_chain(result: torch.Tensor) -> int:
    """The longest chain of operations, each of which needs the one before, that lies behind `result`.

    Autograd notes for every operation what it was made from; this walks that graph. With as many processors as one
    likes, a pass cannot be done in fewer turns.
    """
    depth, stack = {}, [(result.grad_fn, False)]
    while stack:
        node, done = stack.pop()
        if node in depth and not done:
            continue
        parents = [p for p, _ in node.next_functions if p is not None]
        if done:
            depth[node] = 1 + max((depth[p] for p in parents), default=0)
        else:
            stack.append((node, True))
            stack += [(p, False) for p in parents if p not in depth]
    return depth[result.grad_fn]
    # --8<-- [end:depth]


def with_deep_stack(work):
    """Call `work()` in a thread with a stack of 512 MB, and give its result: graphs of thousands of operations in a row
    are freed by as many nested calls, which a usual stack does not hold."""
    result, former = [], threading.stack_size(512 * 1024 * 1024)
    try:
        thread = threading.Thread(target=lambda: result.append(work()))
        thread.start()
    finally:
        threading.stack_size(former)
    thread.join()
    if not result:
        raise RuntimeError("the work in the thread failed; its own traceback is above")
    return result[0]
