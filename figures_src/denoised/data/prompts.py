"""The sixteen prompts by which every U-Net is looked at, in training and on its card; some are of held-out icons."""

SHEET = (
    ("cat face", "noto"), ("tiger face", "noto"), ("pizza", "twemoji"), ("rocket", "fluent"),
    ("red apple", "noto"), ("skull", "twemoji"), ("octopus", "twemoji"), ("house", "noto"),
    ("automobile", "fluent"), ("rose", "noto"), ("red heart", "twemoji"), ("grinning face", "noto"),
    ("tiger face", "openmoji"), ("cat face", "openmoji"), ("blue apple", "noto"), ("red octopus", "noto"),
)  # fmt: skip
SHEET_PROMPTS = [f"{what}, {style} style" for what, style in SHEET]
