// The lines of Python that draw the same picture, from a clone of the repository.

const text = (value) => JSON.stringify(value); // a string of JSON is one of Python, too

/** Python for a run's settings. Stock diffusers wherever it can; our own loop where it would do something else. */
export function python({ prompt, negative, seed, steps, guidance }) {
  if (guidance < 1) return ours({ prompt, negative, seed, steps, guidance });
  const less = negative ? `    negative_prompt=${text(negative)},\n` : "";
  return `import torch
from diffusers import StableDiffusionPipeline

pipe = StableDiffusionPipeline.from_pretrained("figures_src/weights/emoji-sd")
picture = pipe(
    ${text(prompt)},
${less}    num_inference_steps=${steps},
    guidance_scale=${guidance},
    generator=torch.Generator().manual_seed(${seed}),
).images[0]
picture.save("picture.png")
`;
}

/** Below 1 the stock pipeline switches guidance off, so that these settings need the project's own loop. */
function ours({ prompt, negative, seed, steps, guidance }) {
  const less = negative ? `    negative_prompt=${text(negative)},\n` : "";
  return `import sys

sys.path.insert(0, "figures_src")
from denoised.pipeline import generate, load
from PIL import Image

pipe = load("figures_src/weights/emoji-sd")
trace = generate(
    pipe,
    ${text(prompt)},
${less}    steps=${steps},
    guidance=${guidance},
    seed=${seed},
)
Image.fromarray(trace.image).save("picture.png")
`;
}
