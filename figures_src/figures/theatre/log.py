"""The call sheet of one performance: which part of the pipeline is called when, how often, with what, and which steps
of the reader's account of the play that leaves standing.

Tests claims: r11-06, r11-16.
"""

import torch

from denoised.probes import play
from denoised.probes.calls import watch
from denoised.probes.operators import trace
from plotting.output import Output
from plotting.style import SMALL, new_figure

WEIGHTS = ("emoji-sd",)
DATA = ()
TITLE = "The call sheet"

LANES = (
    ("text encoder", "text"),
    ("U-Net", "latent"),
    ("VAE encoder", "noise"),
    ("VAE decoder", "image"),
)
DATA_FILES = (".png", ".webp", ".svg", ".npz", ".npy", ".json", ".gz", ".txt", ".parquet")


def words(shape):
    return " × ".join(map(str, shape)) or "one number"


def account(pipe, log, operators):
    """The reader's account, step by step: (what is told, whether the log bears it out)."""
    text = next(c.output for c in log.calls if c.part == "text encoder")
    unet = [c for c in log.calls if c.part == "U-Net"]
    vae = [c for c in log.calls if c.part.startswith("VAE")]
    handed = [shape for c in vae for shape in c.inputs.values()]
    return (
        ("the tokenizer makes the vectors", learned_weights(pipe.tokenizer) > 0),
        ("the VAE is handed the words", any(shape[1:] == text[1:] for shape in handed)),
        ("the data are searched for a likeness", any(name.endswith(DATA_FILES) for name in log.files)),
        ("a picture is encoded and noise poured over it", log.count("VAE encoder") > 0),
        ("words steer the U-Net until the end", all("encoder_hidden_states" in c.inputs for c in unet)),
        ("the VAE turns the last latent into pixels", log.calls[-1].part == "VAE decoder"),
        ("waves tell the U-Net where things are", any(shape[0] != 1 for shape in operators.waves)),
        ("a Fourier stage parts noise from signal", operators.fourier() > 0),
    )


def learned_weights(thing):
    """Numbers that training adjusted in it: none for what is no network."""
    return sum(p.numel() for p in thing.parameters()) if isinstance(thing, torch.nn.Module) else 0


def make(lab, smoke=False):
    pipe = lab.pipeline()
    play.perform(pipe, smoke=True)  # a rehearsal, so that nothing is imported during the performance
    with watch(pipe) as log:
        one = play.perform(pipe, smoke)
    states = one.text_states[None]
    operators = trace(lambda: pipe.unet(one.xt[:1], one.timesteps[0], encoder_hidden_states=states))
    told = account(pipe, log, operators)
    right = sum(holds for _, holds in told)
    count = {name: log.count(name) for name, _ in LANES}
    shapes = {name: next((c.output for c in log.calls if c.part == name), ()) for name, _ in LANES}
    decoded = next(c for c in log.calls if c.part == "VAE decoder")
    n = {
        "steps": one.steps,
        "guidance": one.guidance,
        "calls_text": count["text encoder"],
        "calls_unet": count["U-Net"],
        "calls_encoder": count["VAE encoder"],
        "calls_decoder": count["VAE decoder"],
        "before_decoder": next(i for i, c in enumerate(log.calls) if c.part == "VAE decoder"),
        "data_files": sum(name.endswith(DATA_FILES) for name in log.files),
        "tokenizer_weights": learned_weights(pipe.tokenizer),
        "unet_weights": learned_weights(pipe.unet),
        "text_weights": learned_weights(pipe.text_encoder),
        "decoder_weights": learned_weights(pipe.vae.decoder),
        "decoder_inputs": len(decoded.inputs),
        "told_steps": len(told),
        "right_steps": right,
        "wrong_steps": len(told) - right,
        "state_shape": words(shapes["text encoder"][1:]),
        "latent_shape": words(shapes["U-Net"][1:]),
        "picture_shape": words(shapes["VAE decoder"][1:]),
        "prompt": one.prompt,
    }

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        fig.note(0, 0, "Who is on stage, call by call", size=14, weight=600)
        y, left = 30, 0 if narrow else 150
        total = len(log.calls)
        for name, colour in LANES:
            calls = [i for i, c in enumerate(log.calls) if c.part == name]
            times = f"{len(calls)} ×" if calls else "never called"
            shape = words(shapes[name][1:]) if calls else ""
            if narrow:
                fig.note(0, y, name, colour, 13, weight=600)
                fig.note(fig.width, y, f"{times}   {shape}".rstrip(), "muted", SMALL, ha="right")
                y += 20
            else:
                fig.note(0, y + 3, name, colour, 13, weight=600)
                fig.note(0, y + 21, f"{times}   {shape}".rstrip(), "muted", SMALL)
            ax = fig.area(left, y, fig.width - left, 20 if narrow else 40, grid="")
            ax.set(xlim=(-0.8, total - 0.2), ylim=(-1, 1), xticks=[], yticks=[])
            ax.axhline(0, color=theme.grid, linewidth=1, linestyle="-" if calls else (0, (3, 4)), zorder=0)
            ax.bar(calls, [1.5] * len(calls), bottom=-0.75, width=0.62, color=theme.colour(colour))
            y += 30 if narrow else 48
        y += 10
        fig.note(0, y, "What the reader was told", size=14, weight=600)
        fig.note(fig.width, y + 1, "in the log?", "muted", SMALL, ha="right")
        y += 28
        for line, holds in told:
            fig.note(0, y, line, "ink", 13)
            fig.note(fig.width, y, "yes" if holds else "no", "image" if holds else "accent", 13, ha="right", weight=600)
            y += 23
        fig.set_height(y)
        return fig

    return Output(
        alt=(
            f"Four lanes of calls in the order they happen. Text encoder {count['text encoder']} calls, U-Net "
            f"{count['U-Net']}, VAE encoder {count['VAE encoder']}, VAE decoder {count['VAE decoder']}, at the very "
            f"end. Below: of {len(told)} steps of the account as it was told, {right} are found in the log and "
            f"{len(told) - right} are not."
        ),
        caption=(
            f"**Every call of one performance, logged by hooks.** Prompt “{one.prompt}”, {one.steps} steps. The text "
            f"encoder reads twice (the prompt and an empty one), the U-Net is called {count['U-Net']} times, each time "
            f"on two latents, and the VAE's decoder once. The VAE's encoder: {count['VAE encoder']} calls. Meanwhile "
            f"{n['data_files']} data files were opened. Below, the reader's account of the play: {right} of "
            f"{len(told)} steps happen so."
        ),
        numbers=n,
        draw=draw,
        format="svg",
    )
