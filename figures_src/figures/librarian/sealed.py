"""The library's log book: every part of the pipeline is listened to while one picture is made. Who was called, and with
what, which files were opened, and whether the words reach the decoder by any other way than the latent.

Tests claims: r13-01, r10b-02, r10b-03, r10b-10, r10b-11, r10b-12, r10b-13.
"""

import json

import torch

from denoised.pipeline import encode, encode_prompts, generate
from denoised.probes import runs
from denoised.probes.eavesdrop import calls, opened_files
from denoised.probes.restore import touch_up
from plotting.output import Output
from plotting.style import new_figure

WEIGHTS = ("emoji-sd",)
DATA = ("specimens",)
TITLE = "The log book of one picture"

PROMPT, OTHER, NEGATIVE = "octopus, twemoji style", "red apple, noto style", "blue, house"
STEPS, GUIDANCE = 12, 3.0


def parts(pipe):
    """The modules that are listened to, in the order in which a picture meets them."""
    return {
        "text": pipe.text_encoder, "encoder": pipe.vae.encoder, "unet": pipe.unet,
        "gate": pipe.vae.post_quant_conv, "decoder": pipe.vae.decoder,
    }  # fmt: skip


def shape(x):
    return " × ".join(str(side) for side in x.shape[1:])


def make(lab, smoke=False):
    pipe, specimens = lab.pipeline(), lab.specimens()
    steps = 3 if smoke else STEPS
    generate(pipe, PROMPT, steps=1)  # what Python imports at a first call is not part of the picture
    with calls(parts(pipe)) as heard, opened_files() as files:
        trace = generate(pipe, PROMPT, seed=lab.seed, steps=steps, guidance=GUIDANCE)
    with opened_files() as control:  # the same ear hears a file that *is* opened
        json.loads((lab.weight("emoji-sd/vae") / "config.json").read_text(encoding="utf-8"))
    order = [call.part for call in heard]
    entered = [x for call in heard if call.part in ("gate", "decoder") for x in call.tensors]
    final = trace.xt[-1][None] / pipe.vae.config.scaling_factor
    gate = next(call for call in heard if call.part == "gate")
    only_latent = len(gate.tensors) == 1 and torch.equal(gate.tensors[0].cpu(), final)
    only_latent = only_latent and len(entered) == 2  # one tensor into each of gate and decoder

    # the words, as numbers with a gradient: does a pixel or, as a control, the U-Net's answer depend on them?
    states = encode_prompts(pipe, [PROMPT]).states.clone().requires_grad_(True)
    latent = final.clone().requires_grad_(True)
    with torch.enable_grad():
        pixels = pipe.vae.decode(latent).sample
        by_words, by_latent = torch.autograd.grad(pixels.square().sum(), (states, latent), allow_unused=True)
        answer = pipe.unet(trace.xt[0][None], trace.timesteps[0], encoder_hidden_states=states).sample
        (unet_by_words,) = torch.autograd.grad(answer.square().sum(), states)
    with torch.no_grad():
        pictures = []
        for words in (PROMPT, OTHER):
            encode_prompts(pipe, [words])
            pictures.append(pipe.vae.decode(final).sample)
    same = bool(torch.equal(*pictures))
    reached = int(not only_latent or by_words is not None or not same)

    # with a negative: does the decoder receive anything else? and is any weight of the VAE another one afterwards?
    before = [p.clone() for p in pipe.vae.parameters()]
    with calls(parts(pipe)) as denied:
        other = generate(pipe, PROMPT, seed=lab.seed, steps=2, guidance=GUIDANCE, negative_prompt=NEGATIVE)
    plain = generate(pipe, PROMPT, seed=lab.seed, steps=2, guidance=GUIDANCE)
    entered = [x for call in denied if call.part in ("gate", "decoder") for x in call.tensors]
    only = len(entered) == 2 and torch.equal(entered[0].cpu(), other.xt[-1][None] / pipe.vae.config.scaling_factor)
    unchanged = all(torch.equal(a, b) for a, b in zip(before, pipe.vae.parameters(), strict=True))
    with calls(parts(pipe)) as seen:
        encode(pipe.vae, specimens.images[:1])
    with calls(parts(pipe)) as redrawn:  # image-to-image: here the encoder does work
        z = encode(pipe.vae, specimens.images[:1])
        touch_up(pipe, z, [PROMPT], runs.noise(pipe, [0]), strength=0.5, steps=1, guidance=1.0)
    text = encode_prompts(pipe, [PROMPT])
    tower = [name for name, _ in pipe.text_encoder.named_modules() if "vision" in name]
    n = {
        "steps": steps, "unet_calls": order.count("unet"), "text_calls": order.count("text"),
        "encoder_calls": order.count("encoder"), "decoder_calls": order.count("decoder"),
        "files_opened": len(files), "files_control": len(control),
        "encoder_control": sum(call.part == "encoder" for call in seen),
        "tensors_into_decoder": len(gate.tensors), "values_into_decoder": int(final.numel()),
        "only_latent": int(only_latent), "same_bits": int(same), "text_reached_vae": reached,
        "starts_from_noise": int(torch.equal(trace.xt[0], runs.noise(pipe, [lab.seed])[0])),
        "encoder_image_to_image": sum(call.part == "encoder" for call in redrawn),
        "negative_only_latent": int(only and unchanged), "negative_moves_latent": float(
            (other.xt[-1] - plain.xt[-1]).square().mean().sqrt()
        ),
        "tokens_read": len(text.tokens[0]), "tokens_of_prompt": len(pipe.tokenizer(PROMPT).input_ids),
        "state_width": int(text.states.shape[-1]), "vision_towers": len(tower),
        "tokenizer_weights": len(getattr(pipe.tokenizer, "state_dict", dict)()),
        "gradient_words_to_pixels": 0.0 if by_words is None else float(by_words.norm()),
        "gradient_latent_to_pixels": float(by_latent.norm()),
        "gradient_words_to_unet": float(unet_by_words.norm()),
    }  # fmt: skip
    total = len(order)
    lanes = (
        ("text encoder", "text", "text", "words in, states out"),
        ("VAE encoder", "encoder", "image", "not called at all" if not n["encoder_calls"] else "called"),
        ("U-Net", "unet", "prediction", f"latent {shape(trace.xt)} and states"),
        ("VAE decoder", "decoder", "latent", f"one tensor, {shape(final)}" if only_latent else "more than a latent"),
        ("files opened", "files", "noise", "none" if not files else "files were read"),
    )

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        fig.note(0, 0, "Who is called while one picture is made", size=14, weight=600)
        left, y, step = (0, 30, 60) if narrow else (132, 34, 44)
        right = 34
        for name, key, colour, told in lanes:
            count = len(files) if key == "files" else order.count(key)
            top = y + 20 if narrow else y
            if narrow:
                fig.note(0, y, name, "ink", 13, weight=600)
                fig.note(fig.width, y + 1, told, "muted", 12, ha="right")
            else:
                fig.note(left - 14, y + 13, name, "ink", 13, ha="right", va="center")
            width = fig.width - left - right - (0 if narrow else 176)
            ax = fig.area(left, top, width, 26, grid="")
            ax.set(xlim=(-0.8, total - 0.2), ylim=(0, 1))
            ax.set_axis_off()
            ax.axhline(0.5, color=theme.grid, linewidth=1)
            at = [i for i, part in enumerate(order) if part == key]
            ax.vlines(at, 0.12, 0.88, color=theme.colour(colour), linewidth=3)
            fig.note(left + width + 30, top + 13, f"{count}", colour, 14, ha="right", va="center", weight=600)
            if not narrow:
                fig.note(left + width + 44, top + 13, told, "muted", 12, va="center")
            y += step
        fig.note(left, y + 2, "first call", "muted", 12)
        fig.note(fig.width - right - (0 if narrow else 176), y + 2, "last call", "muted", 12, ha="right")
        y += 30
        fig.note(0, y, "Does it change if the words change?", size=14, weight=600)
        rows = (
            ("the U-Net's answer", n["gradient_words_to_unet"], "prediction"),
            ("the decoder's pixels, latent fixed", n["gradient_words_to_pixels"], "latent"),
        )
        for word, value, colour in rows:
            y += 26
            shown = f"gradient {value:.3g}" if value else "no path at all"
            fig.note(0, y, word, "ink", 13)
            fig.note(fig.width if narrow else 420, y, shown, colour, 13, ha="right", weight=600)
        return fig

    verdict = "the same bits" if same else "different bits"
    return Output(
        alt=(
            f"A log book with five lanes: the text encoder is called {n['text_calls']} times, the U-Net "
            f"{n['unet_calls']}, the VAE's decoder {n['decoder_calls']} and its encoder {n['encoder_calls']} times; "
            f"{n['files_opened']} files are opened. Below, the gradient from the words to the U-Net's answer is "
            f"{n['gradient_words_to_unet']:.3g}, to the decoder's pixels {n['gradient_words_to_pixels']:.3g}."
        ),
        caption=(
            f"**Nobody goes to the stacks.** All parts were listened to while one picture was made in {steps} steps "
            "with "
            f"guidance. The VAE's decoder was called {n['decoder_calls']} time, by {n['tensors_into_decoder']} tensor "
            "of "
            f"{n['values_into_decoder']:,} values, the finished latent bit for bit; its encoder {n['encoder_calls']} "
            f"times; {n['files_opened']} files were opened (the same ear hears {n['files_control']} when a file is "
            "read, "
            f"and {n['encoder_control']} call when a picture is encoded). With the latent held fixed there is no path "
            f"from the words to the pixels, and two prompts give {verdict}; the U-Net's answer does depend on the "
            "words "
            f"(norm of the gradient {n['gradient_words_to_unet']:.3g})."
        ),
        numbers=n,
        draw=draw,
        format="svg",
    )  # fmt: skip
