"""The pages that are drawn here: how to get in, the confirmation of a login, a shared piece. Not the playground itself.

Whatever comes from somebody is escaped at one place, `_filled`. No script and no style stands in them.
"""

from __future__ import annotations

import html
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
$picture<h1 dir="auto">$title</h1>
$player<p>$facts</p>
</article>
<footer><p>Made with <b>Bandstand</b>, by $maker.</p></footer>
""")
ABOUT = Template("""<meta name="robots" content="noindex">
<meta property="og:site_name" content="Bandstand">
<meta property="og:title" content="$title">
<meta property="og:type" content="$kind">
<meta property="og:description" content="$facts">
""")


def outside() -> str:
    return FRAME.substitute(title="Bandstand", head="", body=OUTSIDE)


def used_up() -> str:
    return FRAME.substitute(title="Bandstand: link used up", head="", body=USED_UP)


def confirm(account: str, token: str) -> str:
    body = _filled(CONFIRM, account=account, token=token)
    return FRAME.substitute(title="Bandstand: log in", head="", body=body)


def not_shared() -> str:
    return FRAME.substitute(title="Bandstand: nothing here", head="", body=NOT_SHARED)


def _filled(template: Template, **texts: str) -> str:
    return template.substitute({name: html.escape(text) for name, text in texts.items()})
