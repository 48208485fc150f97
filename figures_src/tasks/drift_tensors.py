"""Is a file of numbers what it was? Raw tensors (.i16, .u8, .f32), networks (.onnx), within the tolerances of drift.py."""

from pathlib import Path

RAW = {".i16": "<i2", ".u8": "u1", ".f32": "<f4"}  # little-endian, one after the other
RELATIVE = 0.02  # of the range of the former values; a unit of whole numbers may always be off
SHARE = 0.001  # of the values may be off by more


def raw(old: Path, new: Path) -> str | None:
    """How two files of raw numbers differ, in words, or None."""
    import numpy as np

    a, b = (np.frombuffer(path.read_bytes(), RAW[old.suffix]).astype(float) for path in (old, new))
    return _apart(a, b, unit=0.0 if old.suffix == ".f32" else 1.0)


def network(old: Path, new: Path) -> str | None:
    """How two ONNX graphs differ, in words, or None: other operations, other tensors, other numbers in them. Raises
    ValueError for a file that is none."""
    import onnx
    from google.protobuf.message import DecodeError
    from onnx import numpy_helper

    try:
        a, b = (onnx.load(path).graph for path in (old, new))
    except DecodeError as error:
        raise ValueError(error) from error
    operations = [[(node.op_type, len(node.input), len(node.output)) for node in graph.node] for graph in (a, b)]
    if operations[0] != operations[1]:
        return f"{len(a.node)} -> {len(b.node)} operations, or others"
    weights = [{t.name: numpy_helper.to_array(t) for t in graph.initializer} for graph in (a, b)]
    if {n: w.shape for n, w in weights[0].items()} != {n: w.shape for n, w in weights[1].items()}:
        return "other weights, by name or shape"
    for name, before in weights[0].items():
        whole = before.dtype.kind in "iu"
        words = _apart(before.astype(float).ravel(), weights[1][name].astype(float).ravel(), unit=float(whole))
        if words:
            return f"{name}: {words}"
    return None


def _apart(a, b, unit: float) -> str | None:
    import numpy as np

    if a.size != b.size:
        return f"{a.size} -> {b.size} values"
    if not a.size:
        return None
    off = np.abs(a - b) > max(unit, RELATIVE * float(np.ptp(a)))
    return f"{off.mean():.1%} of the values are off" if off.mean() > SHARE else None
