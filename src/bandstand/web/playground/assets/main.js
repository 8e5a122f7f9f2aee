// The page: its studio and the pages beside it, chosen by what stands behind the # of the address.

import * as api from "./api.js";
import * as actions from "./actions.js";
import { makeForm } from "./compose.js";
import { el, icon } from "./dom.js";
import { FINAL, learn, watch } from "./jobs.js";
import { listenToKeys, showHelp } from "./keyboard.js";
import { makeLibrary } from "./library.js";
import * as player from "./player.js";
import { makeQueue } from "./queue.js";
import { fieldsOf } from "./fields.js";
import { makeStage } from "./stage.js";
import { makeTabs } from "./tabs.js";
import { say } from "./toast.js";

// Loaded when somebody goes there.
const PAGES = new Set(["keys", "usage", "deliveries"]);
const main = document.getElementById("main");

async function start() {
	player.begin();
	dress();
	document.addEventListener("logged-out", () => location.reload(), { once: true });
	const [given, account, under_way] = await Promise.all([api.schema(), api.account().catch(() => ({ credits: null })), api.jobs()]);
	const studio = makeStudio({ ...given, isMetered: account.credits !== null });
	document.getElementById("account").textContent = account.name ?? "";
	under_way.jobs.filter((job) => !FINAL.has(job.status)).reverse().forEach(learn);
	watch();
	listenToKeys(studio);
	const go = () => show(location.hash.replace(/^#\/?/, ""), studio);
	addEventListener("hashchange", go);
	await go();
	await studio.begin();
}

async function show(name, studio) {
	for (const link of document.querySelectorAll("nav a")) link.toggleAttribute("aria-current", link.hash.replace(/^#\/?/, "") === name);
	document.querySelector("nav [aria-current]")?.setAttribute("aria-current", "page");
	const made = PAGES.has(name) ? await (await import(`./${name}.js`)).page() : studio.node;
	main.replaceChildren(made);
	document.body.classList.toggle("beside", made !== studio.node);
	document.title = PAGES.has(name) ? `${made.querySelector("h1").textContent} · Bandstand` : "Bandstand";
}

function makeStudio(given) {
	const kinds = given.image ? ["music", "image"] : ["music"];
	const fieldNames = new Set(kinds.flatMap((kind) => fieldsOf(given[kind]).map((field) => field.name)));
	const offer = { fieldNames, models: given.models };
	const started = (job) => !player.isPlaying() && player.load(job, { plays: true });
	const forms = Object.fromEntries(kinds.map((kind) => [kind, makeForm(kind, given, { started })]));
	const desk = makeDesk(kinds, forms);

	const reuse = (job, sound, wish = actions.wishOf(job, fieldNames)) => {
		const kind = job.kind ?? "music";
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
	const names = { music: ["Music", "note"], image: ["Images", "picture"] };
	const tabs = makeTabs("What to make", kinds.map((kind) => names[kind]), panel, (at) => {
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
	const dark = () => (document.documentElement.dataset.theme ?? (system.matches ? "dark" : "light")) === "dark";
	const draw = () => {
		theme.replaceChildren(icon(dark() ? "sun" : "moon"));
		theme.setAttribute("aria-label", dark() ? "Light colours" : "Dark colours");
	};
	theme.addEventListener("click", () => {
		const next = dark() ? "light" : "dark";
		document.documentElement.dataset.theme = next;
		try {
			localStorage.setItem("theme", next);
		} catch {
			// It holds until the page is closed.
		}
		draw();
		document.dispatchEvent(new Event("theme"));
	});
	system.addEventListener("change", draw);
	draw();
	const help = document.getElementById("help");
	help.replaceChildren(icon("help"));
	help.addEventListener("click", showHelp);
	document.getElementById("leave").addEventListener("click", () => api.logout().then(() => location.reload()));
}

start().catch((error) => {
	main.replaceChildren(el("p.bad", { role: "alert" }, error.message));
});
