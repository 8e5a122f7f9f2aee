// All that was made, newest first; searched by the server, more of it as one scrolls.

import * as api from "./api.js";
import * as actions from "./actions.js";
import { el, icon, iconButton, theirs } from "./dom.js";
import { ago, span } from "./format.js";
import { cover, isMusic, known, latest, learn, listen, titleOf } from "./jobs.js";
import * as player from "./player.js";
import { makeSegments } from "./tabs.js";

const PAGE = 200;
const FILTERS = [["all", "All", {}], ["music", "Music", { kind: "music" }], ["image", "Pictures", { kind: "image" }], ["favourites", "Favourites", { favourite: true }]];

export function makeLibrary({ choose }) {
	const state = { search: "", filter: FILTERS[0], older: null, asked: null, isReading: false, cards: new Map() };
	const grid = el("ul.grid");
	const nothing = el("p.dim.nothing", { hidden: true });
	const end = el("div.end");
	const search = el("input", { type: "search", placeholder: "Search", label: "Search the library", "aria-keyshortcuts": "/", dir: "auto", maxlength: 200, oninput: () => later({ search: search.value.trim() }) });
	const filters = makeSegments("Show", FILTERS, "all", (value) => restart({ filter: FILTERS.find(([name]) => name === value) }));

	let waiting;
	const later = (change) => {
		clearTimeout(waiting);
		waiting = setTimeout(() => restart(change), 200);
	};
	const restart = (change) => {
		Object.assign(state, change, { older: null });
		return more(true);
	};
	const more = async (isFirst) => {
		const asked = { size: PAGE, search: state.search, ...state.filter[2], ...(state.older && { cursor: state.older }) };
		state.asked = asked;
		const page = await api.get(`/app/library?${new URLSearchParams(asked)}`).catch(() => null);
		if (!page || asked !== state.asked) return;
		performance.mark("library-came");
		if (isFirst) {
			grid.replaceChildren();
			state.cards.clear();
		}
		state.older = page.older;
		const finished = page.items.filter((job) => job.status === "succeeded");
		state.isReading = true;
		grid.append(...finished.map((job) => card(learn(job))));
		state.isReading = false;
		tell();
		requestAnimationFrame(() => setTimeout(() => performance.measure("library-drawn", "library-came")));
	};
	const tell = () => {
		nothing.hidden = state.cards.size > 0;
		nothing.textContent = isNarrowed() ? "Nothing matches." : "What you make is kept here.";
	};
	const card = (job) => {
		const node = makeCard(job, choose);
		state.cards.set(job.id, node);
		return node;
	};
	const isNarrowed = () => state.search || state.filter !== FILTERS[0];

	listen((job, before) => {
		const shown = state.cards.get(job?.id ?? before?.id);
		if (!job) {
			shown?.remove();
			state.cards.delete(before.id);
		} else if (shown) mark(shown, job);
		else if (state.isReading || job.status !== "succeeded") return;
		else if (isNarrowed()) return restart();
		else grid.prepend(card(job));
		tell();
	});
	player.listen((what) => what === "job" && state.cards.forEach((node, id) => node.classList.toggle("current", id === player.now.job?.id)));
	new IntersectionObserver(([entry]) => entry.isIntersecting && state.older && more(false), { rootMargin: "600px" }).observe(end);

	const head = el("div.library-head", el("h2", "Library"), filters, el("div.search", icon("search"), search));
	const node = el("section.library", { label: "Library" }, head, grid, nothing, end);
	return { node, load: () => more(true), shown: () => [...state.cards.keys()].map((id) => known.get(id)), focusSearch: () => search.focus() };
}

function makeCard(job, choose) {
	const picture = cover(job);
	const art = picture ? el("img", { src: api.local(picture.url), alt: "", loading: "lazy", decoding: "async", width: 160, height: 160 }) : el("div.blank", icon(isMusic(job) ? "note" : "picture"));
	const title = theirs(titleOf(job), "span.name.two");
	const told = el("span.dim.num", [job.example && "Example", isMusic(job) && span(job.seconds), ago(job.created_at)].filter(Boolean).join(" · "));
	const face = el("button", { class: "face", onclick: () => choose(latest(job)) }, el("span.thumb", art, isMusic(job) && el("span.over", icon("play"))), title, told);
	const heart = iconButton("heart", "Favourite", () => actions.toggleFavourite(job), { class: "quiet heart" });
	const node = el("li.card", { "data-job": job.id }, face, heart);
	mark(node, job);
	return node;
}

function mark(node, job) {
	node.querySelector(".heart").setAttribute("aria-pressed", String(Boolean(job.favourite)));
}
