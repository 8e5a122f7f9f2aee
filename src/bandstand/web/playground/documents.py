"""The pages that are drawn here: how to get in, the confirmation of a login, a shared piece. Not the playground itself.

Whatever comes from somebody is escaped as it is filled in. No script and no style stands in them.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass
from string import Template

FRAME = Template("""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>$title</title>
$head<link rel="icon" href="data:,">
<link rel="stylesheet" href="/assets/door.css">
</head>
<body>
<main>
$body</main>
</body>
</html>
""")
OUTSIDE = """<h1>Bandstand</h1>
<p>Nobody is logged in here. On the machine that runs the server, this prints a link that logs you in once:</p>
<pre><code>bandstand login</code></pre>
<p>It works for ten minutes, in one browser. <a href="/">Try again</a> if you are logged in already and came from
another site.</p>
"""
USED_UP = """<h1>This link does not work any more</h1>
<p>A login link works once and for ten minutes. This makes a fresh one, on the machine that runs the server:</p>
<pre><code>bandstand login</code></pre>
"""
CONFIRM = Template("""<h1>Log in</h1>
<p>This opens the playground of the account <b dir="auto">$account</b> in this browser.</p>
<form method="post" action="/login/$token">
<button type="submit" autofocus>Log in</button>
</form>
""")
NOT_SHARED = """<h1>Nothing here</h1>
<p>This link does not work. Links to shared pieces expire, and end when the piece is removed.</p>
"""
SHARED = Template("""<article>
$pictures<h1 dir="auto">$title</h1>
$player<p dir="auto">$words</p>
<p>$facts</p>
</article>
<footer><p>Made with Bandstand, by its engine $maker.</p></footer>
""")
PICTURE = Template("""<img src="$source" alt="">
""")
PLAYER = Template("""<audio controls preload="metadata" src="$source"></audio>
""")
ABOUT = Template("""<meta name="robots" content="noindex">
<meta property="og:site_name" content="Bandstand">
<meta property="og:title" content="$title">
<meta property="og:type" content="$kind">
<meta property="og:description" content="$facts">
<meta name="description" content="$facts">
""")
FACT = Template("""<meta property="$name" content="$value">
""")


@dataclass(frozen=True, kw_only=True)
class Piece:
    """What the page of a shared piece shows. pictures, track: absolute URLs that open as long as the page; own_url: ours"""

    title: str
    words: str
    facts: str
    maker: str
    pictures: Sequence[str]
    track: str | None
    track_type: str
    own_url: str


def outside() -> str:
    return FRAME.substitute(title="Bandstand", head="", body=OUTSIDE)


def used_up() -> str:
    return FRAME.substitute(title="Bandstand: link used up", head="", body=USED_UP)


def confirm(account: str, token: str) -> str:
    body = _filled(CONFIRM, account=account, token=token)
    return FRAME.substitute(title="Bandstand: log in", head="", body=body)


def not_shared() -> str:
    return FRAME.substitute(title="Bandstand: nothing here", head="", body=NOT_SHARED)


def shared(piece: Piece) -> str:
    """On the page itself files are told by their path, for a browser may know us under another name than `own_url`."""
    about = _filled(
        ABOUT,
        title=piece.title,
        facts=piece.facts,
        kind="music.song" if piece.track else "website",
    )
    facts = [("og:image", url) for url in piece.pictures[:1]]
    if piece.track:
        facts += [("og:audio", piece.track), ("og:audio:type", piece.track_type)]
    about += "".join(_filled(FACT, name=name, value=value) for name, value in facts)
    pictures = [_filled(PICTURE, source=_path(piece, url)) for url in piece.pictures]
    player = _filled(PLAYER, source=_path(piece, piece.track)) if piece.track else ""
    title = html.escape(piece.title)
    body = SHARED.substitute(
        pictures="".join(pictures),
        title=title,
        player=player,
        words=html.escape(piece.words),
        facts=html.escape(piece.facts),
        maker=html.escape(piece.maker),
    )
    return FRAME.substitute(title=title, head=about, body=body)


def _path(piece: Piece, url: str) -> str:
    return url.removeprefix(piece.own_url)


def _filled(template: Template, **texts: str) -> str:
    return template.substitute({name: html.escape(text) for name, text in texts.items()})
