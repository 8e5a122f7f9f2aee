// The piece on the stand: its cover, its waveform, and what can be done with it.

import * as api from "./api.js";
import * as actions from "./actions.js";
import { button, el, icon, iconButton, theirs } from "./dom.js";
import { clock, left, span } from "./format.js";
import { cover, isFinal, isMusic, secondsLeft, titleOf } from "./jobs.js";
import { menu } from "./over.js";
import * as player from "./player.js";
import { makeWave } from "./wave.js";
import { shareJob, showCode } from "./windows.js";

export function makeStage({ offer, reuse, extend }) {
	const node = el("section.stage", { label: "On the stand" });
	const wave = makeWave({ label: "Place in the piece", seek: player.seek, mark: player.mark });
	const play = iconButton("play", "Play", player.toggle, { class: "play" });
	const loop = iconButton("loop", "Repeat", player.toggleLoop, { title: "Repeat (L). Drag on the wave to repeat a part." });
	const [at, live, whole] = [el("span"), el("span.live"), el("span")];
	const transport = el("div.transport", play, el("div", wave.node, el("div.times.num", at, live, whole)));
	let drawn;

	const draw = () => {
		const { job } = player.now;
		const state = job && `${job.id} ${job.status} ${job.favourite}`;
		if (state !== drawn) node.replaceChildren(...(job ? filled(job, { transport, loop, offer, reuse, extend }) : empty()));
		drawn = state;
		shape();
		playing();
		region();
	};
	const shape = () => player.now.shape && wave.show(player.now.shape);
	const tick = () => {
		at.textContent = clock(player.time());
		wave.at(player.time());
	};
	const playing = () => {
		const label = player.isPlaying() ? "Pause" : "Play";
		play.replaceChildren(icon(label.toLowerCase()));
		play.setAttribute("aria-label", label);
		play.title = `${label} (Space)`;
		whole.textContent = clock(player.seconds());
		live.textContent = beingMade(player.now);
		tick();
	};
	const region = () => {
		wave.region(player.now.region);
		loop.setAttribute("aria-pressed", player.now.loops);
	};
	const told = { job: draw, shape, tick, state: playing, region };
	player.listen((what) => told[what]());
	draw();
	return node;
}

function beingMade({ job, live }) {
	if (!job || isFinal(job)) return "";
	return ["being made", live?.come && left(secondsLeft(job))].filter(Boolean).join(" · ");
}

function empty() {
	return [el("div.art.blank", icon("note")), el("div.about", el("h2", "Nothing on the stand yet"), el("p.dim", "Write a sentence and press Generate. The sound starts before the piece is finished."))];
}

function filled(job, { transport, loop, offer, reuse, extend }) {
	const isSound = isMusic(job);
	const picture = cover(job);
	const size = isSound && 512;
	const art = picture ? el("img.art", { src: api.local(picture.url), alt: isSound ? "Cover" : titleOf(job), width: size, height: size }) : el("div.art.blank.making", icon(isSound ? "note" : "picture"));
	const title = el("h2.title.two", { title: job.prompt.slice(0, 500) }, theirs(job.prompt || "Untitled"));
	const tools = job.status === "succeeded" && makeTools(job, { loop, offer, reuse, extend });
	return [art, el("div.about", title, facts(job), isSound ? transport : pictures(job), tools)];
}

function facts(job) {
	const made = job.made_by.model === job.model ? job.model : `${job.made_by.model}, standing in for ${job.model}`;
	const told = [made, isMusic(job) && span(job.seconds), `seed ${job.seed}`, job.made_by.engine === "canvas" && "drawn, not diffused"];
	return el("p.facts.dim.num", told.filter(Boolean).join(" · "));
}

/** All pictures of one request. */
function pictures({ outputs }) {
	const found = outputs.filter(({ kind }) => kind === "image");
	if (found.length < 2) return null;
	return el("div.pictures", ...found.map(({ name, url }) => el("a", { href: api.local(url), target: "_blank", rel: "noopener" }, el("img", { src: api.local(url), alt: name, loading: "lazy" }))));
}

function makeTools(job, { loop, offer, reuse, extend }) {
	const isSound = isMusic(job);
	const heart = iconButton("heart", "Favourite", () => actions.toggleFavourite(job), { class: "quiet heart", "aria-pressed": String(Boolean(job.favourite)), title: "Favourite (F)" });
	const files = button("down", "Download", () => menu(files, actions.downloads(job, offer)), { "aria-haspopup": "true" });
	const more = iconButton("more", "More", () => menu(more, [
		{ icon: "reuse", text: "Use its settings", onclick: () => reuse(job) },
		{ icon: "shuffle", text: "Four new takes", onclick: () => actions.fourTakes(job, offer) },
		{ icon: "code", text: "As code", onclick: () => showCode(job.kind, actions.wishOf(job, offer)) },
		{ icon: "trash", text: "Delete", onclick: () => actions.remove(job) },
	]), { "aria-haspopup": "true" });
	return el("div.tools", { role: "group", label: "What to do with it" },
		isSound && button("extend", "Extend", () => extend(job)),
		button("shuffle", "Variation", () => actions.vary(job, offer)),
		files,
		button("share", "Share", () => shareJob(job)),
		el("span.icons", isSound && loop, heart, more),
	);
}
