// Short words to the person: seen for a moment, and read out by screen readers.

import { el } from "./dom.js";

/** What it gives; null when it failed, which is then said. done: said when it went well */
export async function attempt(work, done) {
	try {
		const given = await work();
		if (done) say(done);
		return given ?? true;
	} catch (error) {
		say(error.message, "trouble");
		return null;
	}
}

/** kind: "note", or "trouble", which is read out at once and stays longer */
export function say(text, kind = "note") {
	const place = document.getElementById(kind === "trouble" ? "alerts" : "notes");
	const note = el("p", { class: `toast ${kind}`, dir: "auto" }, text);
	place.append(note);
	while (place.children.length > 3) place.firstChild.remove();
	setTimeout(() => note.remove(), kind === "trouble" ? 9000 : 3500);
}
