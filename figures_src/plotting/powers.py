"""Very small and very large numbers as people write them."""

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


def powers(value: float, digits: int = 0) -> str:
    """2.1e-16 -> "2 × 10⁻¹⁶", with so many digits after the point."""
    mantissa, exponent = f"{value:.{digits}e}".split("e")
    return f"{mantissa} × 10{str(int(exponent)).translate(_RAISED)}"
