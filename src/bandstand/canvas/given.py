"""The process that reads a stranger's picture: `python -m bandstand.canvas.given SIDE_MAX`, started by `pictures.py` only.

The file comes on stdin, and a plain PNG goes out on stdout. Before it looks at the first byte it gives up what it could do harm
with (`audio/confined.py`).
"""

from __future__ import annotations

import io
import sys
import warnings

from PIL import Image, ImageOps

from bandstand.audio.apart import REFUSED
from bandstand.audio.confined import confine

FORMATS = ("PNG", "JPEG", "WEBP")


def plain(content: bytes, side_max: int) -> bytes:
    """The first picture in the file, upright, on white where one can look through it. raises OSError or ValueError"""
    with Image.open(io.BytesIO(content), formats=FORMATS) as opened:
        opened.draft("RGB", (side_max, side_max))
        picture = ImageOps.exif_transpose(opened)
        picture = picture.convert("RGBA" if picture.has_transparency_data else "RGB")
    picture.thumbnail((side_max, side_max), Image.Resampling.LANCZOS)
    if picture.mode == "RGBA":
        paper = Image.new("RGBA", picture.size, "white")
        paper.alpha_composite(picture)
        picture = paper.convert("RGB")
    out = io.BytesIO()
    Image.frombytes("RGB", picture.size, picture.tobytes()).save(out, "PNG", compress_level=1)
    return out.getvalue()


def main(side_max: int) -> int:
    Image.init()  # its readers are files, and soon none can be opened
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    confine()
    try:
        png = plain(sys.stdin.buffer.read(), side_max)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombWarning):
        # What Pillow says may quote the file.
        sys.stderr.write("it is damaged")
        return REFUSED
    sys.stdout.buffer.write(png)
    return 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
