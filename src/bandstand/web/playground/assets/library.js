// All that was made: a grid of covers, newest first, searched and filtered by the server, more of it as one scrolls.

import * as api from "./api.js";
import * as actions from "./actions.js";
import { button, el, icon, theirs } from "./dom.js";
import { ago, span } from "./format.js";
import { cover, isMusic, known, learn, listen } from "./jobs.js";
import * as player from "./player.js";
import { makeSegments } from "./tabs.js";

const PAGE = 200;
const FILTERS = [["all", "All", {}], ["music", "Music", { kind: "music" }], ["image", "Pictures", { kind: "image" }], ["favourites", "Favourites", { favourite: true }]];

/** choose(job): put it on the stand */
export function makeLibrary({ choose }) {
	const state = { search: "", filter: FILTERS[0], older: null, asked: 0, isReading: false, oldest: "", cards: new Map() };
	const grid = el("ul.grid");
	const nothing = el("p.dim.nothing", { hidden: true });
	const end = el("div.end");
	const search = el("input", { type: "search", placeholder: "Search", label: "Search the library", "aria-keyshortcuts": "/", dir: "auto", maxlength: 200, oninput: () => later(() => (state.search = search.value.trim())) });
	const filters = makeSegments("Show", FILTERS, "all", (value) => restart(() => (state.filter = FILTERS.find(([name]) => name === value))));

	let waiting;
	const later = (change) => {
		clearTimeout(waiting);
		waiting = setTimeout(() => restart(change), 200);
	};
	const restart = (change) => {
		change();
		state.older = null;
		return more(true);
	};
	const more = async (isFirst) => {
		const asked = (state.asked += 1);
		const page = await api.library({ search: state.search, ...state.filter[2], cursor: isFirst ? null : state.older, size: PAGE }).catch(() => null);
		if (!page || asked !== state.asked) return;
		performance.mark("library-came");
		if (isFirst) clear();
		state.older = page.older;
		const finished = page.items.filter((job) => job.status === "succeeded");
		state.isReading = true;
		grid.append(...finished.map((job) => card(learn(job))));
		state.isReading = false;
		state.oldest = finished.at(-1)?.created_at ?? "";
		tell();
		requestAnimationFrame(() => setTimeout(() => performance.measure("library-drawn", "library-came")));
	};
	const clear = () => {
		grid.replaceChildren();
		state.cards.clear();
	};
	const tell = () => {
		nothing.hidden = state.cards.size > 0;
		nothing.textContent = state.search || state.filter !== FILTERS[0] ? "Nothing matches." : "What you make is kept here.";
	};
	const card = (job) => {
		const node = makeCard(job, choose);
		state.cards.set(job.id, node);
		return node;
	};
	const fits = (job) => {
		const [, , asked] = state.filter;
		if (asked.kind && asked.kind !== (job.kind ?? "music")) return false;
		if (asked.favourite && !job.favourite) return false;
		return job.prompt.toLowerCase().includes(state.search.toLowerCase());
	};

	listen((job, before) => {
		const shown = state.cards.get(job?.id ?? before?.id);
		if (!job) {
			shown?.remove();
			state.cards.delete(before.id);
		} else if (shown) mark(shown, job);
		else if (!state.isReading && job.status === "succeeded" && job.created_at >= state.oldest && fits(job)) grid.prepend(card(job));
		else return;
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
	const title = theirs(job.prompt.slice(0, 200) || "Untitled", "span");
	title.className = "name";
	const told = el("span.dim.num", [job.example && "Example", isMusic(job) && span(job.seconds), ago(job.created_at)].filter(Boolean).join(" · "));
	const latest = () => known.get(job.id) ?? job;
	const face = el("button", { class: "face", onclick: () => choose(latest()) }, el("span.thumb", art, isMusic(job) && el("span.over", icon("play"))), title, told);
	const heart = button({ icon: "heart", label: "Favourite", class: "quiet heart", onclick: () => actions.setFavourite(latest(), !latest().favourite) });
	const node = el("li.card", { "data-job": job.id }, face, heart);
	mark(node, job);
	return node;
}

function mark(node, job) {
	node.querySelector(".heart").setAttribute("aria-pressed", String(Boolean(job.favourite)));
}
