// The page of credits and usage: what is left, what is held by jobs under way, and what each day took.

import * as api from "./api.js";
import { el } from "./dom.js";
import { credits, plural, span } from "./format.js";
import { saying, sheet, table } from "./page.js";

const DAYS = 30;

export async function page() {
	const place = el("div");
	await saying(place, async () => {
		const [account, usage] = await Promise.all([api.account(), api.usage(DAYS)]);
		const total = (name) => usage.days.reduce((sum, day) => sum + day[name], 0);
		const figures = el("dl.figures",
			figure("Credits", account.credits === null ? "not metered" : credits(account.credits), account.held ? `${credits(account.held)} held by jobs under way` : null),
			figure(`Jobs in ${DAYS} days`, total("jobs").toLocaleString()),
			figure("Music", span(Math.round(total("seconds")))),
			figure("Credits used", credits(total("credits"))),
		);
		const models = table("By model", ["Model", "Jobs", "Music", "Credits"], usage.by_model.map((row) => [row.model, String(row.jobs), span(Math.round(row.seconds)), credits(row.credits)]), "Nothing was made yet.");
		return el("div", figures, chart(usage.days), el("h2", "By model"), models);
	});
	return sheet("Usage", null, place);
}

function figure(name, value, more) {
	return el("div", el("dt", name), el("dd.num", value, more && el("small", more)));
}

/** A bar for each day; the same figures as a list for who cannot see them. */
function chart(days) {
	const most = Math.max(1, ...days.map((day) => day.jobs));
	const bars = days.map((day) => {
		const bar = el("li", { title: `${day.day}: ${plural(day.jobs, "job")}, ${span(Math.round(day.seconds))}` }, el("span.unseen", `${day.day}: ${plural(day.jobs, "job")}`));
		bar.style.setProperty("--tall", day.jobs / most);
		return bar;
	});
	return el("figure.chart", el("figcaption.dim", "Jobs a day"), el("ol", ...bars));
}
