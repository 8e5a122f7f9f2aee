// What is under way: its place in the queue, how far it is, hearing it already, calling it off. And what failed, with its reason.

import * as actions from "./actions.js";
import { button, el, icon, theirs } from "./dom.js";
import { left, plural } from "./format.js";
import { FINAL, isMusic, known, listen, secondsLeft } from "./jobs.js";
import * as player from "./player.js";
import { say } from "./toast.js";

export function makeQueue({ reuse }) {
	const list = el("ul.queue");
	const node = el("section", { label: "Under way", hidden: true }, el("h2", "Under way"), list);
	const rows = new Map();
	const told = (job, before) => {
		const id = job?.id ?? before.id;
		const failedHere = job?.status === "failed" && before && !FINAL.has(before.status);
		if (job?.status === "succeeded" && rows.has(id)) say("It is finished");
		if (!job || (FINAL.has(job.status) && !failedHere)) drop(id);
		else if (failedHere) replace(id, failed(job, { reuse, drop }));
		else if (!FINAL.has(job.status)) (rows.get(id)?.show ?? replace(id, makeRow(job)).show)(job);
		node.hidden = rows.size === 0;
	};
	const drop = (id) => {
		rows.get(id)?.node.remove();
		rows.delete(id);
		node.hidden = rows.size === 0;
	};
	const replace = (id, row) => {
		drop(id);
		rows.set(id, row);
		list.prepend(row.node);
		return row;
	};
	listen(told);
	for (const job of known.values()) if (!FINAL.has(job.status)) told(job);
	return node;
}

function makeRow(job) {
	const state = el("span.dim.num");
	const bar = el("progress", { max: 1, label: "Progress" });
	const hear = isMusic(job) && button({ icon: "play", text: "Listen", onclick: () => player.load(latest(job), { plays: true }) });
	const stop = button({ icon: "close", text: "Cancel", onclick: () => actions.cancel(job) });
	const node = el("li", { "data-job": job.id }, el("div.what", el("p.clip", theirs(job.prompt || "Untitled")), state), bar, el("div.buttons", hear, stop));
	const show = (now) => {
		state.textContent = stateOf(now);
		if (now.status === "queued") bar.removeAttribute("value");
		else bar.value = now.progress;
		if (hear) hear.hidden = now.status !== "running" || player.now.job?.id === now.id;
	};
	return { node, show };
}

const latest = (job) => known.get(job.id) ?? job;

function stateOf(job) {
	if (job.status === "running") return [`${Math.round(job.progress * 100)} %`, left(secondsLeft(job))].filter(Boolean).join(" · ");
	return job.jobs_ahead ? `#${job.jobs_ahead + 1} · ${plural(job.jobs_ahead, "job")} ahead` : "next in the queue";
}

function failed(job, { reuse, drop }) {
	const again = button({ icon: "reuse", text: "Use its settings", onclick: () => reuse(job) });
	const away = button({ icon: "close", label: "Put it away", onclick: () => drop(job.id) });
	const why = el("p.bad", { role: "alert" }, theirs(job.error ?? "It failed."));
	return { node: el("li.failed", icon("help"), el("div.what", el("p.clip", theirs(job.prompt || "Untitled")), why), el("div.buttons", again, away)), show: () => {} };
}
