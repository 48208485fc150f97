# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # Read the clock
#
# The companion of the page [AI knows nothing](../../series/knows-nothing/). Read drawn clocks with your own eyes and with
# a reader of a dozen lines, and see how much of its verdict is chance. Everything runs on any processor in less than a
# minute.

# %%
import io

import numpy as np
from IPython.display import display
from PIL import Image

from denoised.data.scenes import THINGS
from denoised.studies import clock, duplicates, feedback, scenes

facts, arrays = clock.load()
said, split = arrays["said"].astype(int), arrays["split"]


def show(pictures, alt, side=72):
    """Pictures side by side, with words for those who do not see them."""
    sheet = Image.new("RGB", (side * len(pictures), side), "white")
    for i, picture in enumerate(pictures):
        sheet.paste(Image.fromarray(picture).resize((side, side)), (i * side, 0))
    file = io.BytesIO()
    sheet.save(file, "PNG")
    display({"image/png": file.getvalue()}, raw=True, metadata={"image/png": {"alt": alt}})


# %% [markdown]
# ## What was asked for, and what came
#
# The first row are real clocks of one style from twelve to half past five, the second what the model draws when asked
# for them.

# %%
show(arrays["icons"][:12], "Twelve real clocks, from twelve o'clock to half past five")
show(arrays["drawn"][:12], "What the model draws when asked for these times")
for time, read in zip(clock.TIMES[:12], said[0, :12, 0], strict=True):
    print(f"{time:16} read as {clock.TIMES[read]}")

# %% [markdown]
# ## How good is the reader?
#
# It is tested on real clocks, each style read with the hands of the others.

# %%
truth = np.arange(len(clock.TIMES))
for style, read in zip(facts["real_styles"], arrays["real"], strict=True):
    print(f"{style:18} {(read == truth).mean():.0%}")

# %% [markdown]
# ## Could it be chance?
#
# Shuffle which drawing belongs to which time a thousand times. Change `wanted` to `"clock"` for the held-out times.

# %%
wanted = "train"
right = (said == truth[None, :, None])[split == wanted].mean()
rng = np.random.default_rng(0)
shuffled = [(said[:, rng.permutation(len(truth))] == truth[None, :, None])[split == wanted].mean() for _ in range(1000)]
print(f"right {right:.1%}, shuffled {np.mean(shuffled):.1%}, at most {np.max(shuffled):.1%}")

# %% [markdown]
# ## Who is above whom?
#
# Another small model was asked for one thing above another. An onlooker says what it sees, first the upper thing, then
# the lower. Change `group` to `"both"` (learned), `"one way"`, `"reversed"` (the other order of what was learned one way
# round) or `"never"` (things that were never shown together).

# %%
facts, arrays = scenes.load()
group = "reversed"
asked, said = scenes.questions(0, group), arrays[f"words_said_{group}_0"].astype(int)
for want, saw in list(zip(asked, said[0], strict=True))[:10]:
    upper, lower = (THINGS[i] if i >= 0 else "nothing" for i in saw[1:])
    print(f"asked for {THINGS[want[1]]:12} above {THINGS[want[2]]:12}: saw {upper:12} above {lower}")
right, mixed_up = scenes.right(said, asked), scenes.mixed_up(said, asked)
print(f"right {right.mean():.0%}, in each other's place {mixed_up.mean():.0%}, of {right.size} drawings")

# %% [markdown]
# ## A copy, or not?
#
# A small model met some icons once, some a thousand times, and was asked for each by its caption. A drawing is a copy if it
# is far nearer to that icon than to the next fifty. How near is near enough is read off real icons that nobody learned
# from: change `allowed`, the share of them that would pass for copies.

# %%
facts, arrays = duplicates.load()
allowed = 0.05
threshold = np.quantile(arrays["near_new"], allowed)
often = np.stack([duplicates.counts(seed) for seed in duplicates.SETTINGS.seeds])  # a row a training, a column an icon
shape = (*often.shape, -1)
nearest = arrays["repeated_which_own"].reshape(shape) == arrays["some"][None, :, None]
copied = nearest & (arrays["repeated_near_own"].reshape(shape) < threshold)
for level in duplicates.SETTINGS.levels:
    here = often == level
    shares = f"the nearest icon is the right one in {nearest[here].mean():4.0%}, a copy {copied[here].mean():4.0%}"
    print(f"met {level:5,} times: {shares}")

# %% [markdown]
# And icon by icon, in the training in which it was met a hundred times: who is copied, and who is not?

# %%
for i, name in enumerate(facts["chosen"]):
    seed = int(np.flatnonzero(often[:, i] == 100)[0])
    print(f"{name:40} {copied[seed, i].mean():4.0%}")

# %% [markdown]
# ## Who is pleased?
#
# A model was tuned on its own drawings to please a rater; the judge had no part in it. How sure is each of them of what
# was asked for, and how far apart are drawings of one wish? `s1` is the model before tuning, `s2` the same with a guidance
# of two. Change `road` to `"picked"`, or `"coin"`, `"own"` and `"more"` for the controls.

# %%
facts, arrays = feedback.load()
road = "dpo"
print(f"{feedback.ROADS[road]}; real icons are {arrays['real_apart'].mean():.2f} apart")
for i, name in enumerate(feedback.models()):
    if name in ("s1", "s2") or name.startswith(road):
        liked, sure, apart = (arrays[part][:, i].mean() for part in ("liked", "sure", "apart"))
        print(f"{name:10} rater {liked:.0%}, judge {sure:.0%}, apart {apart:.2f}")

# %% [markdown]
# Whom would you rather ask? Sort the things by how much more the rater likes them after tuning than the judge does.

# %%
tuned = feedback.models().index(f"dpo-{feedback.SETTINGS.main}")
gain = {part: arrays[part][:, tuned] - arrays[part][:, 0] for part in ("liked", "sure")}
thing = feedback.wishes(feedback.SETTINGS.asked)[:, 0] - 1
by_thing = {part: [rows[:, thing == k].mean() for k in range(len(facts["things"]))] for part, rows in gain.items()}
for k in np.argsort(np.subtract(by_thing["sure"], by_thing["liked"])):
    print(f"{facts['things'][k]:24} rater {by_thing['liked'][k]:+.0%}, judge {by_thing['sure'][k]:+.0%}")
