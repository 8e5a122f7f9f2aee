// Keys that work anywhere on the page, unless something is being typed.

import * as actions from "./actions.js";
import { FINAL, known } from "./jobs.js";
import * as player from "./player.js";

const NATIVE = "input, textarea, select, button, a, summary, [role=tab], [contenteditable]";
const TYPED = "textarea, select, [contenteditable], input:not([type=radio], [type=checkbox], [type=range], [type=file])";

/** studio: {generate(), focusSearch()} */
export function listenToKeys(studio) {
	const keys = {
		" ": (event) => !event.target.closest(NATIVE) && act(event, player.toggle),
		ArrowLeft: (event) => !event.target.closest("input, select, [role=tab]") && act(event, () => player.nudge(-5)),
		ArrowRight: (event) => !event.target.closest("input, select, [role=tab]") && act(event, () => player.nudge(5)),
		"[": () => player.markEdge("start"),
		"]": () => player.markEdge("end"),
		l: () => player.now.job && player.toggleLoop(),
		f: () => player.now.job && actions.setFavourite(player.now.job, !player.now.job.favourite),
		d: () => player.now.job && actions.downloadFirst(player.now.job),
		"/": (event) => act(event, studio.focusSearch),
		"?": showHelp,
	};
	document.addEventListener("keydown", (event) => {
		if (event.defaultPrevented || event.altKey) return;
		if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) return act(event, studio.generate);
		if (document.querySelector("dialog[open], .menu:popover-open") || event.ctrlKey || event.metaKey) return;
		if (event.key === "Escape") return escape(event);
		if (event.target.closest(TYPED)) return;
		keys[event.key.length === 1 ? event.key.toLowerCase() : event.key]?.(event);
	});
}

function act(event, what) {
	event.preventDefault();
	what();
}

function escape(event) {
	if (event.target.closest(TYPED)) return event.target.blur();
	const newest = [...known.values()].filter((job) => !FINAL.has(job.status)).sort((one, other) => other.created_at.localeCompare(one.created_at))[0];
	if (newest) actions.cancel(newest);
}

export const showHelp = async () => (await import("./help.js")).show();
