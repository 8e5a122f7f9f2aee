// The studio and the pages beside it, chosen by what stands behind the # of the address.

import * as api from "./api.js";
import * as actions from "./actions.js";
import { makeForm } from "./compose.js";
import { el, icon } from "./dom.js";
import { isFinal, learn, watch } from "./jobs.js";
import { listenToKeys, showHelp } from "./keyboard.js";
import { makeLibrary } from "./library.js";
import * as player from "./player.js";
import { makeQueue } from "./queue.js";
import { fieldsOf } from "./fields.js";
import { makeStage } from "./stage.js";
import { say } from "./over.js";
import { pages } from "./pages.js";
import { makeTabs } from "./tabs.js";

const main = document.getElementById("main");

async function start() {
	player.begin();
	dress();
	document.addEventListener("logged-out", () => location.reload(), { once: true });
	const [given, account, newest] = await Promise.all([api.get("/app/schema"), api.get("/app/account"), api.newestJobs()]);
	const studio = makeStudio({ ...given, isMetered: account.credits !== null });
	document.getElementById("account").textContent = account.name;
	newest.filter((job) => !isFinal(job)).forEach(learn);
	watch();
	listenToKeys(studio);
	const go = () => show(location.hash.replace(/^#\/?/, ""), studio);
	addEventListener("hashchange", go);
	await go();
	await studio.begin();
}

async function show(name, studio) {
	for (const link of document.querySelectorAll("nav a")) {
		if (link.hash === `#/${name}`) link.setAttribute("aria-current", "page");
		else link.removeAttribute("aria-current");
	}
	const made = Object.hasOwn(pages, name) ? await pages[name]() : studio.node;
	main.replaceChildren(made);
	document.title = made === studio.node ? "Bandstand" : `${made.querySelector("h1").textContent} · Bandstand`;
}

function makeStudio(given) {
	const kinds = ["music", "image"];
	const fieldNames = new Set(kinds.flatMap((kind) => fieldsOf(given[kind]).map((field) => field.name)));
	const offer = { fieldNames, models: given.models };
	const started = (job) => !player.isPlaying() && player.load(job, { plays: true });
	const forms = Object.fromEntries(kinds.map((kind) => [kind, makeForm(kind, given, { started })]));
	const desk = makeDesk(kinds, forms);

	const reuse = (job, sound, wish = actions.wishOf(job, offer)) => {
		const { kind } = job;
		desk.choose(kind);
		forms[kind].fill(wish, sound);
		forms[kind].node.scrollIntoView({ block: "start" });
	};
	const extend = async (job) => {
		const { wish, sound } = await actions.extension(job, offer);
		reuse(job, sound, wish);
		say("The form goes on from it. Write what comes next, or press Generate.");
	};
	const stage = makeStage({ offer, reuse, extend });
	const choose = (job) => {
		player.load(job, { plays: true });
		stage.scrollIntoView({ block: "nearest" });
	};
	const library = makeLibrary({ choose });
	const queue = makeQueue({ reuse });
	const node = el("div.studio", desk.node, el("div.hall", el("h1.unseen", "Studio"), stage, queue, library.node));
	const begin = async () => {
		await library.load();
		const [newest] = library.shown();
		if (!player.now.job && newest) await player.load(newest);
	};
	return { node, begin, generate: () => forms[desk.chosen()].generate(), focusSearch: () => ((location.hash = "#/"), setTimeout(library.focusSearch)) };
}

/** The form of each kind behind a tab. */
function makeDesk(kinds, forms) {
	let now;
	const panel = el("div");
	const tabs = makeTabs("What to make", [["Music", "note"], ["Images", "picture"]], panel, (at) => {
		now = kinds[at];
		panel.replaceChildren(forms[now].node);
	});
	tabs.choose(0);
	return { node: el("div.desk", tabs.node, panel), choose: (kind) => tabs.choose(kinds.indexOf(kind)), chosen: () => now };
}

/** The buttons of the head: theme, help, leaving. */
function dress() {
	const theme = document.getElementById("theme");
	const system = matchMedia("(prefers-color-scheme: dark)");
	const root = document.documentElement;
	const other = () => ((root.dataset.theme ?? (system.matches ? "dark" : "light")) === "dark" ? "light" : "dark");
	const draw = () => {
		theme.replaceChildren(icon(other()));
		theme.setAttribute("aria-label", `${other() === "dark" ? "Dark" : "Light"} colours`);
		document.dispatchEvent(new Event("theme"));
	};
	theme.addEventListener("click", () => {
		root.dataset.theme = other();
		try {
			localStorage.setItem("theme", root.dataset.theme);
		} catch {
			// It holds until the page is closed.
		}
		draw();
	});
	system.addEventListener("change", draw);
	draw();
	const help = document.getElementById("help");
	help.replaceChildren(icon("help"));
	help.addEventListener("click", showHelp);
	document.getElementById("leave").addEventListener("click", () => api.post("/app/logout").then(() => location.reload()));
}

start().catch((error) => {
	main.replaceChildren(el("p.bad", { role: "alert" }, error.message));
});
