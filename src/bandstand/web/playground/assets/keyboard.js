// Keys that work anywhere on the page, and the window that tells them.

import * as actions from "./actions.js";
import { el } from "./dom.js";
import { isFinal, known } from "./jobs.js";
import { open } from "./over.js";
import * as player from "./player.js";

const NATIVE = "input, textarea, select, button, a, summary, [role=tab]";
const TYPED = "textarea, select, input:not([type=radio], [type=checkbox], [type=range], [type=file])";
const SLID = "textarea, input, select, [role=tab]";

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

/** studio: {generate(), focusSearch()} */
export function listenToKeys(studio) {
	const onStand = (act) => () => player.now.job && act(player.now.job);
	/** name: [what it does, where it does something else] */
	const keys = {
		" ": [player.toggle, NATIVE],
		arrowleft: [() => player.nudge(-5), SLID],
		arrowright: [() => player.nudge(5), SLID],
		"[": [() => player.markEdge("start")],
		"]": [() => player.markEdge("end")],
		l: [onStand(player.toggleLoop)],
		f: [onStand(actions.toggleFavourite)],
		d: [onStand(actions.downloadFirst)],
		"/": [studio.focusSearch],
		"?": [showHelp],
		escape: [cancelNewest],
	};
	document.addEventListener("keydown", (event) => {
		const { target, key } = event;
		const isCommand = event.ctrlKey || event.metaKey;
		if (event.defaultPrevented || event.altKey) return;
		const [act, except = TYPED] = key === "Enter" && isCommand ? [studio.generate, "dialog"] : keys[key.toLowerCase()] ?? [];
		if (!act || (isCommand && key !== "Enter") || document.querySelector("dialog[open], .menu:popover-open")) return;
		if (key === "Escape" && target.closest(TYPED)) return target.blur();
		if (target.closest(except)) return;
		event.preventDefault();
		act();
	});
}

function cancelNewest() {
	const waiting = [...known.values()].filter((job) => !isFinal(job));
	const newest = waiting.sort((one, other) => other.created_at.localeCompare(one.created_at))[0];
	if (newest) actions.cancel(newest);
}

export function showHelp() {
	const rows = HELP.map(([key, what]) => el("div", el("dt", el("kbd", key)), el("dd", what)));
	open("Keys", el("dl.keys", ...rows), el("p.dim", "Drop a sound anywhere on the form to start from it. Drag along the wave to repeat a part."));
}
