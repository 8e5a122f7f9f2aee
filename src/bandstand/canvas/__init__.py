"""The cover artist: draws pictures from the words of a prompt and from the loudness of a track, with numpy and Pillow.

It diffuses nothing and knows no jobs; "a red bird" gives a red picture, not a bird. Can be lifted out and used alone.
"""

from bandstand.canvas.families import FAMILIES
from bandstand.canvas.files import SOFTWARE, Format, to_file
from bandstand.canvas.palette import PALETTES
from bandstand.canvas.picture import SIDE_MAX, SIDE_MIN, Picture, render

__all__ = [
    "FAMILIES",
    "PALETTES",
    "SIDE_MAX",
    "SIDE_MIN",
    "SOFTWARE",
    "Format",
    "Picture",
    "render",
    "to_file",
]
