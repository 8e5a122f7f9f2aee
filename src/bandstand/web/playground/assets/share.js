// The window that makes a link to a piece for people without a key. The link ends by itself.

import * as api from "./api.js";
import { copyText } from "./codepanel.js";
import { open } from "./dialog.js";
import { button, el, freshId } from "./dom.js";
import { moment } from "./format.js";

const HOURS = [[1, "1 hour"], [24, "1 day"], [168, "1 week"], [720, "30 days"]];

export function shareJob(job) {
	const name = freshId("hours");
	const choices = HOURS.map(([hours, text]) => el("label", el("input", { type: "radio", name, value: hours, checked: hours === 24 }), el("span", text)));
	const result = el("div", { role: "status" });
	const make = button({ icon: "share", text: "Make a link", class: "primary", onclick: async () => {
		const hours = Number(dialog.querySelector("input:checked").value);
		try {
			result.replaceChildren(...made(await api.share(job.id, hours)));
		} catch (error) {
			result.replaceChildren(el("p.trouble-text", error.message));
		}
	} });
	const dialog = open(
		"Share it",
		el("p.soft-text", "Whoever has the link hears the piece and sees its prompt and cover, until the link ends."),
		el("div.segments", { role: "radiogroup", "aria-label": "How long the link works" }, ...choices),
		make,
		result,
	);
	make.focus();
}

function made({ url, expires_at: ends }) {
	const input = el("input", { type: "text", readonly: true, value: url, "aria-label": "The link", dir: "ltr" });
	const row = el("div.link", input, button({ icon: "copy", text: "Copy", class: "soft", onclick: () => copyText(url) }));
	queueMicrotask(() => input.select());
	return [row, el("p.soft-text", `It works until ${moment(ends)}.`)];
}
