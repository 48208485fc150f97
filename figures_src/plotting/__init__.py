"""How figures look and how they are saved: style, sheets of pictures, animation, deterministic output."""
