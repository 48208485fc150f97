"""A low-rank adapter as a small file of its own, for a graph that `export` has stored.

Two protocol buffers of one kind, one behind the other, are read as one message: lists are joined. So an ONNX file that
holds nothing but more weights and more operations can be put behind a graph's bytes. What the adapter adds to must come
first in line: in the graph's bytes each weight that is adapted gets another name, by one byte, and the weight's own name
is the sum's. A runtime adds everything up once, when it loads the graph, and then computes as much as before.

    adapter file: for each weight  A [rank, in ...], B [out, rank]  and  weight = renamed + B A
    at:           places of the bytes that rename, in the stored graph that the adapter was made for
"""

from __future__ import annotations

import numpy as np
from torch import Tensor, nn

from .errors import DenoisedError
from .export import packed
from .models.adapter import pairs

RENAMED = ord("~")  # the first letter of an adapted weight's name, before the adapter is added


# --8<-- [start:splice]
def splice(graph: bytes, adapter: bytes, at: list[int]) -> bytes:
    """A graph with its adapter: some names changed by a letter, then more of the same."""
    together = bytearray(graph + adapter)
    for place in at:
        together[place] = RENAMED
    return bytes(together)
    # --8<-- [end:splice]


def adapter(traced: bytes, stored: bytes, unet: nn.Module, factors: dict[str, Tensor], kind: str) -> tuple[bytes, list]:
    """(file, at) of the adapter `factors` (see `models.adapter.load`) for a U-Net's graph: as it was `traced`, and as
    `stored` by export with `kind`, which says how the factors are stored as well.

    Raises DenoisedError where a layer's weight is not found in the graph.
    """
    import onnx
    from onnx import helper, numpy_helper

    model = onnx.load_from_string(traced)
    where = {value.tobytes(): t.name for t in model.graph.initializer if (value := numpy_helper.to_array(t)).ndim >= 2}
    weights = dict(unet.named_parameters())
    tensors, nodes, at, axes = [], [], [], {}
    for layer, (A, B) in pairs(factors).items():
        weight = weights[f"{layer}.weight"].detach().numpy()
        turned = weight.ndim == 2 and weight.T.tobytes() in where  # as the traced graph has it: x W, and not W x
        found = where.get((weight.T if turned else weight).tobytes())
        if found is None:
            raise DenoisedError(f"The traced U-Net has no weight of {layer}: the adapter cannot be put into it.")
        a, b = A.flatten(1).numpy(), B.flatten(1).numpy()
        left, right = (a.T, b.T) if turned else (b, a)
        tensors += [_named(left, f"{found}.left"), _named(right, f"{found}.right")]
        axes |= {f"{found}.left": 1 if turned else 0, f"{found}.right": 1 if turned else 0}
        made = f"{found}.change"
        nodes.append(helper.make_node("MatMul", [f"{found}.left", f"{found}.right"], [made]))
        if weight.ndim > 2:
            tensors.append(numpy_helper.from_array(np.array(weight.shape, np.int64), f"{found}.shape"))
            nodes.append(helper.make_node("Reshape", [made, f"{found}.shape"], [made := f"{made}d"]))
        nodes.append(helper.make_node("Add", [chr(RENAMED) + found[1:], made], [found]))
        at.append(_output(stored, found))
    kept, before = packed(tensors, kind, axes)
    file = onnx.ModelProto()
    file.graph.initializer.extend(kept)
    file.graph.node.extend([*before, *nodes])
    return file.SerializePartialToString(deterministic=True), sorted(at)


def _named(value: np.ndarray, name: str):
    from onnx import numpy_helper

    return numpy_helper.from_array(np.ascontiguousarray(value, np.float32), name)


def _output(stored: bytes, name: str) -> int:
    """Where in a stored graph's bytes the first letter of `name` stands, as the output of an operation (field 2)."""
    written = b"\x12" + bytes([len(name)]) + name.encode()
    first = stored.find(written)
    if first < 0 or stored.find(written, first + 1) >= 0 or len(name) > 127:
        raise DenoisedError(f"The stored U-Net does not compute {name} in one place: the adapter cannot be put into it.")
    return first + 2
