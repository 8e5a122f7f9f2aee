// The window that tells the keys.

import { open } from "./dialog.js";
import { el } from "./dom.js";

const HELP = [
	["Ctrl or ⌘ + Enter", "Generate"],
	["Space", "Play, pause"],
	["← →", "Five seconds back, on"],
	["L", "Repeat"],
	["[ ]", "A part to repeat begins, ends here"],
	["F", "Favourite"],
	["D", "Download the track"],
	["/", "Search the library"],
	["?", "This help"],
	["Esc", "Close a window, leave a field, cancel the newest job"],
];
export function show() {
	const rows = HELP.map(([key, what]) => el("div", el("dt", el("kbd", key)), el("dd", what)));
	open("Keys", el("dl.keys", ...rows), el("p.dim", "Drop a sound anywhere on the form to start from it. Drag along the wave to repeat a part."));
}
