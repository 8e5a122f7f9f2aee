// The piece on the stand: its cover, its waveform, and what can be done with it.

import * as api from "./api.js";
import * as actions from "./actions.js";
import { button, el, icon, swapIcon, theirs } from "./dom.js";
import { clock, left, span } from "./format.js";
import { FINAL, cover, isMusic, secondsLeft } from "./jobs.js";
import * as player from "./player.js";
import { makeWave } from "./wave.js";

/** reuse(job), extend(job): the form takes over. offer: what the server told of fields and models */
export function makeStage({ offer, reuse, extend }) {
	const node = el("section.stage", { label: "On the stand" });
	const wave = makeWave({ label: "Place in the piece", seek: player.seek, mark: player.mark });
	const parts = { at: el("span", "0:00"), whole: el("span", "0:00"), live: el("span.live") };
	parts.play = button({ icon: "play", label: "Play", class: "play", onclick: player.toggle });
	parts.loop = button({ icon: "loop", label: "Repeat", "aria-pressed": "false", title: "Repeat (L). Drag on the wave to repeat a part.", onclick: player.toggleLoop });
	let drawn = null;

	const draw = () => {
		const { job } = player.now;
		const state = job && `${job.id} ${job.status} ${job.favourite}`;
		if (state === drawn) return state && progress();
		drawn = state;
		node.replaceChildren(...(job ? filled(job, { wave, parts, offer, reuse, extend }) : empty()));
		node.classList.toggle("empty", !job);
		shape();
		playing();
		region();
		if (job) progress();
	};
	const shape = () => player.now.shape && wave.show(player.now.shape);
	const tick = () => {
		parts.at.textContent = clock(player.time());
		wave.at(player.time());
	};
	const playing = () => {
		const on = player.isPlaying();
		swapIcon(parts.play, on ? "pause" : "play");
		parts.play.setAttribute("aria-label", on ? "Pause" : "Play");
		parts.play.title = on ? "Pause (Space)" : "Play (Space)";
		parts.whole.textContent = clock(player.seconds());
		progress();
		tick();
	};
	const progress = () => {
		const { job } = player.now;
		const isUnderWay = job && !FINAL.has(job.status);
		const text = !isUnderWay ? "" : player.now.live?.come ? ["being made", left(secondsLeft(job))].filter(Boolean).join(" · ") : "being made";
		if (parts.live.textContent !== text) parts.live.textContent = text;
	};
	const region = () => {
		wave.region(player.now.region);
		parts.loop.setAttribute("aria-pressed", String(player.now.loops));
	};
	const told = { job: draw, shape, tick, state: playing, region };
	player.listen((what) => told[what]());
	draw();
	return node;
}

function empty() {
	return [el("div.art.blank", icon("note")), el("div.about", el("h2", "Nothing on the stand yet"), el("p.dim", "Write a sentence and press Generate. The sound starts before the piece is finished."))];
}

function filled(job, { wave, parts, offer, reuse, extend }) {
	const picture = cover(job);
	const size = isMusic(job) ? 512 : undefined;
	const art = picture ? el("img.art", { src: api.local(picture.url), alt: isMusic(job) ? "Cover" : job.prompt.slice(0, 200), width: size, height: size }) : el("div.art.blank.making", icon(isMusic(job) ? "note" : "picture"));
	const title = el("h2.title", { title: job.prompt.slice(0, 500) }, theirs(job.prompt || "Untitled"));
	const transport = isMusic(job) && el("div.transport", parts.play, el("div.sound", wave.node, el("div.times.num", parts.at, parts.live, parts.whole)));
	return [art, el("div.about", title, facts(job), transport, !isMusic(job) && pictures(job), job.status === "succeeded" && tools(job, { parts, offer, reuse, extend }))];
}

function facts(job) {
	const made = job.made_by.model === job.model ? job.model : `${job.made_by.model}, standing in for ${job.model}`;
	const told = [made, isMusic(job) ? span(job.seconds) : null, `seed ${job.seed}`, !isMusic(job) && job.made_by.engine === "canvas" ? "drawn, not diffused" : null];
	return el("p.facts.dim.num", told.filter(Boolean).join(" · "));
}

/** All pictures of one request, each in its own size. */
function pictures(job) {
	const found = job.outputs.filter((output) => output.kind === "image");
	if (found.length < 2) return null;
	return el("div.pictures", ...found.map((output) => el("a", { href: api.local(output.url), target: "_blank", rel: "noopener" }, el("img", { src: api.local(output.url), alt: output.name, loading: "lazy" }))));
}

function tools(job, { parts, offer, reuse, extend }) {
	const music = isMusic(job);
	const heart = button({ icon: "heart", label: "Favourite", class: "quiet heart", "aria-pressed": String(Boolean(job.favourite)), title: "Favourite (F)", onclick: () => actions.setFavourite(job, !job.favourite) });
	const files = button({ icon: "down", text: "Download", "aria-haspopup": "true", onclick: () => menu(files, () => actions.downloads(job, offer)) });
	const more = button({ icon: "more", label: "More", "aria-haspopup": "true", onclick: () => menu(more, () => [
		{ icon: "reuse", text: "Use its settings", onclick: () => reuse(job) },
		{ icon: "shuffle", text: "Four new takes", onclick: () => actions.fourTakes(job, offer) },
		{ icon: "code", text: "As code", onclick: async () => (await import("./codepanel.js")).showCode(job.kind ?? "music", actions.wishOf(job, offer.fieldNames)) },
		{ icon: "trash", text: "Delete", onclick: () => actions.remove(job) },
	]) });
	return el("div.tools", { role: "group", label: "What to do with it" },
		music && button({ icon: "extend", text: "Extend", onclick: () => extend(job) }),
		button({ icon: "shuffle", text: "Variation", onclick: () => actions.vary(job, offer) }),
		files,
		button({ icon: "share", text: "Share", onclick: async () => (await import("./share.js")).shareJob(job) }),
		el("span.icons", music && parts.loop, heart, more),
	);
}

const menu = async (opener, actions) => (await import("./menu.js")).menu(opener, actions);
