"""Act one, first scene: the prompt becomes numbers. Which words stay whole, where the others are cut, what becomes of
words nobody has met and of a prompt that is too long; and CLIP's own vocabulary on the words of the article.

Tests claims: r11-01, r11-02.
"""

from collections import Counter

import numpy as np
from matplotlib.patches import FancyBboxPatch
from transformers import CLIPTokenizer

from denoised.data import splits
from denoised.probes import play
from denoised.probes.tokens import END, border_hits, clip_pieces, pieces, whole_share, words_of
from plotting.output import Output
from plotting.style import MONO, SMALL, new_figure

WEIGHTS = ("emoji-sd/tokenizer",)
DATA = ()
TITLE = "The prompt in pieces"

RARE = (  # words that no icon is called, taken apart as a person would
    ("cyber", "punk"), ("brutal", "ist"), ("moon", "lit"), ("tea", "pot"), ("night", "mare"), ("dream", "like"),
    ("sea", "horse"), ("wood", "pecker"), ("watch", "maker"), ("play", "wright"), ("stage", "hand"), ("back", "drop"),
    ("paint", "er", "ly"), ("un", "imagin", "able"), ("re", "draw", "n"), ("mis", "print"), ("over", "paint", "ing"),
    ("fire", "fly"), ("dragon", "fly"), ("grass", "hopper"), ("thunder", "cloud"), ("book", "shelf"),
    ("gold", "smith"), ("home", "less"), ("colour", "less"), ("art", "ist", "ry"), ("photo", "real", "ism"),
    ("de", "nois", "er"), ("em", "bed", "ding"), ("kind", "ness"),
)  # fmt: skip
LANGUAGES = {  # cat, apple, heart, house, rose, key, book, tiger, ghost, sun, star, tree
    "English": "cat apple heart house rose key book tiger ghost sun star tree",
    "German": "Katze Apfel Herz Haus Rose Schlüssel Buch Tiger Gespenst Sonne Stern Baum",
    "French": "chat pomme cœur maison rose clé livre tigre fantôme soleil étoile arbre",
    "Turkish": "kedi elma kalp ev gül anahtar kitap kaplan hayalet güneş yıldız ağaç",
    "Russian": "кошка яблоко сердце дом роза ключ книга тигр призрак солнце звезда дерево",
}
CLIP_WORDS = ("cat", "sunglasses", "cyberpunk", "brutalist", "whiskers")
INVENTED = ("zorblax", "猫")
LONG = ", ".join(["masterpiece, best quality, ultra detailed, sharp focus, oil painting"] * 3) + ", a cat"


def shown(token):
    """A token as it is drawn: the end mark as a thin bar, bytes of other alphabets as they stand in the vocabulary."""
    return token.replace(END, "│")


def make(lab, smoke=False):
    tokenizer = CLIPTokenizer.from_pretrained(lab.weight("emoji-sd/tokenizer"))
    labels = [row.label for row in splits.load()[:: 20 if smoke else 1]]
    names = words_of(set(labels))
    cut = {word: pieces(tokenizer, word) for word in names}
    often = Counter(word for label in labels for word in label.lower().split())
    whole = [often[word] for word, parts in cut.items() if len(parts) == 1]
    broken = [often[word] for word, parts in cut.items() if len(parts) > 1]

    rare = [(pieces(tokenizer, "".join(parts)), parts) for parts in RARE]
    hits, cuts, chance = np.sum([border_hits(*pair) for pair in rare if len(pair[0]) > 1], axis=0)
    per_word = {
        name: float(np.mean([len(pieces(tokenizer, word)) for word in text.split()]))
        for name, text in LANGUAGES.items()
    }
    ids = tokenizer(play.PROMPT).input_ids
    tokens = tokenizer.convert_ids_to_tokens(ids)
    length = tokenizer.model_max_length
    everything = tokenizer(LONG, verbose=False).input_ids
    kept = tokenizer(LONG, truncation=True, max_length=length).input_ids
    lost = tokenizer.convert_ids_to_tokens(everything[length - 1 : -1])
    clip = {word: clip_pieces(word) for word in CLIP_WORDS}
    strange = {word: pieces(tokenizer, word) for word in INVENTED}
    back = [tokenizer.decode(tokenizer(word).input_ids, skip_special_tokens=True).strip() for word in INVENTED]
    n = {
        "vocabulary": len(tokenizer),
        "length": length,
        "prompt_tokens": len(ids),
        "padding": length - len(ids),
        "names": len(names),
        "names_whole": whole_share(cut.values()),
        "running_whole": sum(whole) / max(1, sum(whole) + sum(broken)),
        "often_whole": float(np.median(whole)),
        "often_cut": float(np.median(broken)) if broken else 0.0,
        "rare": len(RARE),
        "rare_whole": whole_share(parts for parts, _ in rare),
        "pieces_rare": float(np.mean([len(parts) for parts, _ in rare])),
        "border_share": float(hits / max(cuts, 1)),
        "border_chance": float(chance / max(cuts, 1)),
        "cuts": int(cuts),
        "unknown_returned": sum(a == b for a, b in zip(back, INVENTED, strict=True)),
        "unknown_tried": len(INVENTED),
        "long_tokens": len(everything),
        "long_lost": len(everything) - len(kept),
        **{f"pieces_{name.lower()}": value for name, value in per_word.items()},
        **{f"clip_{word}": len(parts) for word, parts in clip.items()},
    }

    def chips(fig, y, items, colour):
        """Tokens as chips in reading order, [(token, word under it)]; the y below them."""
        x, tall = 0, 26 + (17 if any(under for _, under in items) else 0)
        for token, under in items:
            word = shown(token)
            w = max(7.3 * len(word) + 14, 7.3 * len(under) + 6 if under else 0)
            if x and x + w > fig.width:
                x, y = 0, y + tall + 7
            ax = fig.area(x, y, w, 26, grid="")
            ax.set_axis_off()
            ax.set(xlim=(0, w), ylim=(26, 0))
            box = FancyBboxPatch((1, 1), w - 2, 24, boxstyle="round,pad=0,rounding_size=6")
            box.set(facecolor=fig.theme.panel, edgecolor=fig.theme.colour(colour), linewidth=1.2)
            ax.add_patch(box)
            fig.note(x + w / 2, y + 13, word, colour, SMALL, ha="center", va="center", family=MONO)
            if under:
                fig.note(x + w / 2, y + 29, under, "muted", 11, ha="center", family=MONO)
            x += w + (14 if token.endswith(END) and not under else 6)  # words stand apart
        return y + tall

    def draw(theme, narrow):
        fig = new_figure(theme, narrow)
        fig.note(0, 0, "The prompt, with each token's number", size=14, weight=600)
        items = [(token.replace("<|", "").replace("|>", ""), str(i)) for token, i in zip(tokens, ids, strict=True)]
        y = chips(fig, 26, [*items, (f"+ {n['padding']} × endoftext", str(ids[-1]))], "text") + 16
        for title, colour, rows in (
            ("Words that no icon is called", "prediction", [rare[i][0] for i in (0, 1, 3, 18)]),
            ("An invented word, and a Chinese cat", "prediction", list(strange.values())),
            ("The same trick in CLIP's own vocabulary", "latent", [clip[w] for w in CLIP_WORDS]),
        ):
            fig.note(0, y, title, size=14, weight=600)
            y = chips(fig, y + 24, [(token, "") for parts in rows for token in parts], colour) + 16
        fig.note(
            0, y, f"Too long: the last {n['long_lost']} tokens of a prompt of {n['long_tokens']}", size=14, weight=600
        )
        y = chips(fig, y + 24, [(token, "") for token in lost[-8:]], "noise") + 2
        fig.note(0, y + 4, "never reach the stage (the last eight are shown)", "muted", SMALL)
        return fig

    return Output(
        alt=(
            f"The prompt “{play.PROMPT}” as {n['prompt_tokens']} numbered tokens and {n['padding']} of padding. Below, "
            f"words cut into pieces: cyberpunk in {len(rare[0][0])}, brutalist in {len(rare[1][0])}; in CLIP's own "
            f"vocabulary cyberpunk in {n['clip_cyberpunk']}, sunglasses in {n['clip_sunglasses']}, cat in "
            f"{n['clip_cat']}. Of a prompt of {n['long_tokens']} tokens the last {n['long_lost']} are lost."
        ),
        caption=(
            f"**Frequent words pass whole, the others come in pieces.** A bar marks where a word ends. Of the "
            f"{n['names']:,} different words in our icons' names {n['names_whole']:.0%} are one token (they occur "
            f"{n['often_whole']:.0f} times, as a median, and make up {n['running_whole']:.0%} of the text; those that "
            f"are cut {n['often_cut']:.0f}). Of {n['rare']} words "
            f"that no icon is called {n['rare_whole']:.0%}; their cuts fall between parts with a meaning in "
            f"{n['border_share']:.0%} of cases, where chance would give {n['border_chance']:.0%}. Nothing is unknown: "
            f"at worst a word falls into bytes. But there is room for {length} tokens, and what comes later is lost."
        ),
        numbers=n,
        draw=draw,
        format="svg",
    )
