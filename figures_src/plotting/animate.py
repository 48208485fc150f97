"""Frames -> MP4, GIF, poster, first and last picture. The same frames give the same bytes on the same
machine."""

from __future__ import annotations

import errno
import io
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import imageio_ffmpeg
import numpy as np
from PIL import Image

from denoised.errors import DenoisedError
from plotting.encode import encode_image

CRF = 18  # visually lossless for flat drawings
GIF_WIDTHS = (480, 360, 240)  # the first that stays under GIF_BYTES
GIF_BYTES = 1_500_000
PALETTE_SAMPLE = 24  # frames that the shared palette is chosen from


@dataclass
class Animation:
    """uint8 frames, each HxWx3 and all of one size; `fps` pictures a second; the last one stays for
    `hold_last` seconds. `poster` is the index of the frame that stands for the whole before it is played."""

    frames: list
    fps: float = 8
    hold_last: float = 1.5
    poster: int = -1

    def __post_init__(self):
        self.frames = list(self.frames)  # so that a generator or one array [N, H, W, 3] will do

    def problem(self) -> str | None:
        """What is wrong with it, in words, or None."""
        if len(self.frames) < 2:
            return f"an animation needs at least 2 frames, not {len(self.frames)}"
        if not 0 < self.fps <= 60 or not 0 <= self.hold_last <= 30:
            wrong = f"{self.fps} and {self.hold_last}"
            return f"fps must be in (0, 60] and hold_last in [0, 30] seconds, not {wrong}"
        if not -len(self.frames) <= self.poster < len(self.frames):
            return f"poster frame {self.poster} does not exist"
        shape = np.shape(self.frames[0])
        for i, frame in enumerate(self.frames):
            if not isinstance(frame, np.ndarray) or frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape[2] != 3:
                return f"frame {i} must be a uint8 array of shape (height, width, 3)"
            if frame.shape != shape:
                return f"frame {i} is {frame.shape[1]}x{frame.shape[0]}, the first {shape[1]}x{shape[0]}"
        return None


def _even(frame: np.ndarray) -> np.ndarray:
    """H.264 in yuv420p wants even sides: repeat the last row or column where needed."""
    h, w = frame.shape[:2]
    return np.pad(frame, ((0, h % 2), (0, w % 2), (0, 0)), mode="edge") if h % 2 or w % 2 else frame


def encode_mp4(animation: Animation, folder: Path) -> bytes:
    """H.264, yuv420p (BT.709), index first, one thread, no dates: bytes. Scratch space is taken in
    `folder`, because that is the disk the result must fit on anyway."""
    frames = [_even(frame) for frame in animation.frames]
    h, w = frames[0].shape[:2]
    frames += [frames[-1]] * round(animation.hold_last * animation.fps)
    with tempfile.TemporaryDirectory(prefix=".film-", dir=folder) as scratch:
        out = Path(scratch) / "film.mp4"
        command = [
            imageio_ffmpeg.get_ffmpeg_exe(), "-hide_banner", "-loglevel", "error", "-y",
            "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", f"{w}x{h}", "-r", str(animation.fps), "-i", "-",
            "-an", "-c:v", "libx264", "-preset", "medium", "-crf", str(CRF), "-threads", "1",
            # a key frame every 8 pictures: a reader who drags the slider lands where the thumb is
            "-g", "8", "-bf", "0",
            "-vf", "scale=out_color_matrix=bt709:out_range=tv:flags=accurate_rnd+full_chroma_int",
            "-pix_fmt", "yuv420p", "-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709",
            "-map_metadata", "-1", "-fflags", "+bitexact", "-flags:v", "+bitexact",
            "-movflags", "+faststart", str(out),
        ]  # fmt: skip
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            _, said = process.communicate(b"".join(np.ascontiguousarray(frame).tobytes() for frame in frames))
        except BaseException:
            process.kill()
            process.wait()
            raise
        said = said.decode(errors="replace").strip()
        if "No space left" in said:
            raise OSError(errno.ENOSPC, "No space left on device")
        if process.returncode or not out.exists():
            raise DenoisedError(f"ffmpeg could not encode {len(frames)} frames of {w}x{h}: {said or 'no message'}.")
        return out.read_bytes()


def encode_gif(animation: Animation) -> bytes:
    """One palette for all frames (no flicker between palettes), narrower until it is modest: bytes."""
    data = b""
    for width in GIF_WIDTHS:
        data = _gif(animation, width)
        if len(data) <= GIF_BYTES:
            break
    return data


def _gif(animation: Animation, width: int) -> bytes:
    h, w = animation.frames[0].shape[:2]
    size = (w, h) if w <= width else (width, max(1, round(h * width / w)))
    frames = [Image.fromarray(frame) for frame in animation.frames]
    if size != (w, h):
        frames = [frame.resize(size, Image.Resampling.LANCZOS) for frame in frames]
    picks = sorted({round(i) for i in np.linspace(0, len(frames) - 1, min(PALETTE_SAMPLE, len(frames)))})
    montage = Image.new("RGB", (size[0], size[1] * len(picks)))
    for row, i in enumerate(picks):
        montage.paste(frames[i], (0, row * size[1]))
    palette = montage.quantize(255, method=Image.Quantize.MEDIANCUT)
    indexed = [frame.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG) for frame in frames]
    step = max(20, round(100 / animation.fps) * 10)  # GIF counts in hundredths of a second; browsers slow down under 2
    durations = [step] * (len(frames) - 1) + [step + round(animation.hold_last * 100) * 10]
    buffer = io.BytesIO()
    indexed[0].save(
        buffer,
        "GIF",
        save_all=True,
        append_images=indexed[1:],
        duration=durations,
        loop=0,
        optimize=False,
        disposal=1,
    )
    return buffer.getvalue()


def encode_all(animation: Animation, folder: Path) -> dict[str, tuple[bytes, int, int]]:
    """{"mp4": (bytes, width, height), "gif": ..., "poster.webp": ..., "first.png": ..., "last.png": ...};
    sizes in pixels."""
    h, w = _even(animation.frames[0]).shape[:2]
    gif = encode_gif(animation)
    gif_w, gif_h = Image.open(io.BytesIO(gif)).size
    poster, first, last = (_even(animation.frames[i]) for i in (animation.poster, 0, -1))
    return {
        "mp4": (encode_mp4(animation, folder), w, h),
        "gif": (gif, gif_w, gif_h),
        "poster.webp": (encode_image(poster, "webp"), w, h),
        "first.png": (encode_image(first, "png"), w, h),
        "last.png": (encode_image(last, "png"), w, h),
    }
