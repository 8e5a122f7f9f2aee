// What is under way, and what failed and why.

import * as actions from "./actions.js";
import { button, el, icon, iconButton, theirs } from "./dom.js";
import { left, plural } from "./format.js";
import { isFinal, isMusic, known, latest, listen, secondsLeft, titleOf } from "./jobs.js";
import { say } from "./over.js";
import * as player from "./player.js";

export function makeQueue({ reuse }) {
	const list = el("ul.queue");
	const node = el("section", { label: "Under way", hidden: true }, el("h2", "Under way"), list);
	const rows = new Map();
	const told = (job, before) => {
		const id = job?.id ?? before.id;
		if (job && !isFinal(job)) (rows.get(id) ?? put(id, underWay(job))).show(job);
		else if (job?.status === "failed" && before && !isFinal(before)) put(id, failed(job, { reuse, drop }));
		else if (!job || (before && !isFinal(before))) {
			if (job?.status === "succeeded" && rows.has(id)) say("It is finished");
			drop(id);
		}
	};
	const drop = (id) => {
		rows.get(id)?.node.remove();
		rows.delete(id);
		node.hidden = rows.size === 0;
	};
	const put = (id, row) => {
		drop(id);
		rows.set(id, row);
		list.prepend(row.node);
		node.hidden = false;
		return row;
	};
	listen(told);
	known.forEach((job) => told(job));
	return node;
}

const what = (job, about) => el("div", el("p.clip", theirs(titleOf(job))), about);

function underWay(job) {
	const state = el("span.dim.num");
	const bar = el("progress", { max: 1, label: "Progress" });
	const hear = button("play", "Listen", () => player.load(latest(job), { plays: true }));
	const stop = button("close", "Cancel", () => actions.cancel(job));
	const node = el("li", { "data-job": job.id }, what(job, state), bar, el("div.buttons", hear, stop));
	const show = (now) => {
		const isRunning = now.status === "running";
		state.textContent = stateOf(now);
		if (isRunning) bar.value = now.progress;
		else bar.removeAttribute("value");
		hear.hidden = !isMusic(now) || !isRunning || player.now.job?.id === now.id;
	};
	return { node, show };
}

function stateOf(job) {
	if (job.status === "running") return [`${Math.round(job.progress * 100)} %`, left(secondsLeft(job))].filter(Boolean).join(" · ");
	return job.jobs_ahead ? `#${job.jobs_ahead + 1} · ${plural(job.jobs_ahead, "job")} ahead` : "next in the queue";
}

function failed(job, { reuse, drop }) {
	const again = button("reuse", "Use its settings", () => reuse(job));
	const away = iconButton("close", "Put it away", () => drop(job.id));
	const why = el("p.bad", { role: "alert" }, theirs(job.error ?? "It failed."));
	return { node: el("li.failed", icon("help"), what(job, why), el("div.buttons", again, away)) };
}
