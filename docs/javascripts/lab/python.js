// The lines of Python that draw the same picture, from a clone of the repository: stock diffusers, whatever the settings.

import { SAMPLERS } from "./samplers.js";
import { strength } from "./start.js";

const text = (value) => JSON.stringify(value); // a string of JSON is one of Python, too
const WEIGHTS = "figures_src/weights";
/** Whether a decoder cannot stand in the pipeline: one of our own kind, or an AutoencoderTiny whose encoder would see the picture. */
const apart = (decoder, picture) => decoder === "plants" || (decoder === "tiny" && Boolean(picture));

/** Which lines have to stand where, for what a run began with and who painted it. */
class Lines {
  constructor() {
    Object.assign(this, { ours: [], stock: [], body: [] });
  }

  /** `picture`: {specimen or photo, else a file of the reader's}. */
  start({ specimen, photo }) {
    this.stock.push("from PIL import Image");
    if (specimen !== null && specimen !== undefined) {
      this.ours.push("from denoised.data import specimens");
      this.body.push(`start = Image.fromarray(specimens.load().images[${specimen}])`);
    } else if (photo) {
      this.ours.push("from denoised.data import photos");
      this.body.push(`start = Image.fromarray(photos.load(${text(photo)}))`);
    } else this.body.push('start = Image.open("start.png").convert("RGB")');
  }

  /** `owner` is what holds the decoder: an AutoencoderKL. `picture`: what the run began with, or nothing. */
  decoder(name, owner, picture) {
    if (name === "plants") {
      this.ours.push("from denoised.models import tiny");
      this.stock.push("from pathlib import Path", "from PIL import Image");
    } else if (name === "tiny") {
      this.stock.push("from diffusers import AutoencoderTiny");
      this.body.push(`${apart(name, picture) ? "quick" : owner} = AutoencoderTiny.from_pretrained("${WEIGHTS}/tiny-vae")`);
    } else if (name !== "base") {
      this.stock.push("from safetensors.torch import load_file");
      this.body.push(`other = load_file("${WEIGHTS}/decoders/${name}/decoder.safetensors")`, `${owner}.load_state_dict(other, strict=False)`);
    }
  }

  mask(text16) {
    const bits = [...text16].map((digit) => parseInt(digit, 16).toString(2).padStart(4, "0")).join(""), side = Math.sqrt(bits.length);
    const rows = bits.replaceAll("0", ".").replaceAll("1", "#").match(new RegExp(`.{${side}}`, "g"));
    this.body.push('rows = """', ...rows, '"""  # what is drawn anew: #', 'cells = bytes(255 * (cell == "#") for cell in rows if cell in ".#")',
      `mask = Image.frombytes("L", (${side}, ${side}), cells).resize(start.size, Image.Resampling.NEAREST)`);
  }

  toString() {
    const unique = (lines) => [...new Set(lines)];
    const plain = this.ours.length ? ["import sys"] : [];
    const head = [...plain, ...unique(this.stock).filter((line) => line.includes("pathlib"))];
    const others = unique(this.stock).filter((line) => !line.includes("pathlib")).sort((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1));
    const ours = this.ours.length ? ['sys.path.insert(0, "figures_src")', ...unique(this.ours)] : [];
    return [head, ["import torch", ...others], ours, this.body].filter((part) => part.length).map((part) => `${part.join("\n")}\n`).join("\n");
  }
}

/** Lines that paint a latent by a decoder that stands apart; `images` is what turns a tensor into a picture. */
const painted = (decoder, latent, images) => (decoder === "tiny"
  ? ["with torch.no_grad():", `    picture = quick.decode(${latent}).sample`, `${images}.postprocess(picture)[0].save("picture.png")`]
  : [`decoder = tiny.load(Path("${WEIGHTS}/decoders/tiny-plants/decoder.safetensors"))`,
    `Image.fromarray(tiny.decode(decoder, ${latent})[0]).save("picture.png")`]);

const ADAPTED = [`lora = load_file("${WEIGHTS}/student/pytorch_lora_weights.safetensors")`, "weights = dict(pipe.unet.named_parameters())", "for name, A in lora.items():",
  '    if ".lora_A" in name:', '        B, weight = lora[name.replace("lora_A", "lora_B")], weights[name.removeprefix("unet.").replace(".lora_A", "")]',
  "        weight.data += (B.flatten(1).float() @ A.flatten(1).float()).view_as(weight)"];

/** Python for a run's settings: {prompt, second, mix, negative, seed, steps, guidance, net, sampler, decoder, picture: {..., from, mask} or nothing}. */
export function python({ prompt, second = "", mix = 0, negative, seed, steps, guidance, net = "", sampler = "ddim", decoder = "base", picture = null }) {
  const lines = new Lines(), name = `StableDiffusion${!picture ? "" : picture.mask ? "Inpaint" : "Img2Img"}Pipeline`;
  let pipeline = name;
  const { scheduler } = SAMPLERS[sampler], own = sampler === "ddim"; // the one that comes with the pipeline
  lines.stock.push(`from diffusers import ${own ? "" : `${scheduler}, `}${name}`);
  if (guidance < 1) {
    pipeline = "Pipeline";
    lines.body.push(`class Pipeline(${name}):`, "    do_classifier_free_guidance = True  # the stock one does without below 1", "", "");
  }
  lines.body.push(`pipe = ${pipeline}.from_pretrained("${WEIGHTS}/emoji-sd")`);
  if (net === "dit" || net === "small") {
    lines.ours.push(`from denoised.models import ${net}`);
    lines.body.push(`${net}.put_into(pipe, "${WEIGHTS}/${net}")  # in the U-Net's place`);
  } else if (net) {
    lines.stock.push("from safetensors.torch import load_file");
    lines.body.push(...ADAPTED);
  }
  if (!own) lines.body.push(`pipe.scheduler = ${scheduler}.from_config(pipe.scheduler.config)`);
  lines.decoder(decoder, "pipe.vae", picture);
  const aside = apart(decoder, picture);
  if (second) {
    const how = `"cpu", 1, ${guidance === 1 ? "False" : `True${negative && `, ${text(negative)}`}`}`; // one picture, with guidance or without
    lines.body.push("with torch.no_grad():", `    first, ${guidance === 1 ? "_" : "without"} = pipe.encode_prompt(${text(prompt)}, ${how})`,
      `    second, _ = pipe.encode_prompt(${text(second)}, "cpu", 1, False)`);
  }
  if (picture) lines.start(picture);
  if (picture?.mask) lines.mask(picture.mask);
  lines.body.push(`${aside ? "latent" : "picture"} = pipe(`, ...[
    second ? `prompt_embeds=torch.lerp(first, second, ${mix})` : text(prompt),
    second ? guidance !== 1 && "negative_prompt_embeds=without" : negative && `negative_prompt=${text(negative)}`,
    picture && "image=start",
    picture?.mask && "mask_image=mask",
    picture && `strength=${strength(steps, picture.from)}`,
    `num_inference_steps=${steps}`,
    `guidance_scale=${guidance}`,
    `generator=torch.Generator().manual_seed(${seed})`,
    aside && 'output_type="latent"',
  ].filter(Boolean).map((argument) => `    ${argument},`), aside ? ").images" : ").images[0]");
  lines.body.push(...(aside ? painted(decoder, "latent", "pipe.image_processor") : ['picture.save("picture.png")']));
  return lines.toString();
}

/** Python for a picture that is only encoded and painted again. */
export function pythonOfAutoencoder(picture, decoder = "base") {
  const lines = new Lines();
  lines.stock.push("from diffusers import AutoencoderKL", "from diffusers.image_processor import VaeImageProcessor");
  lines.body.push(`vae = AutoencoderKL.from_pretrained("${WEIGHTS}/emoji-sd/vae")`);
  lines.decoder(decoder, "vae", picture);
  lines.start(picture);
  lines.body.push("images = VaeImageProcessor()", "with torch.no_grad():",
    "    latent = vae.encode(images.preprocess(start)).latent_dist.mean  # [1, 4, 16, 16]");
  if (apart(decoder, picture)) lines.body.push(...painted(decoder, "latent * vae.config.scaling_factor", "images"));
  else lines.body.push("    picture = vae.decode(latent).sample", 'images.postprocess(picture)[0].save("picture.png")');
  return lines.toString();
}
