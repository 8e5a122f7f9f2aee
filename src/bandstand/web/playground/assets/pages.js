// The pages beside the studio: API keys, credits and usage, webhooks.

import * as api from "./api.js";
import { button, el, iconButton, labelled, theirs } from "./dom.js";
import { credits, moment, plural, span } from "./format.js";
import { attempt, confirm, takeAway } from "./over.js";

const DAYS = 30;
const LIVES = [["", "Never"], [7, "In a week"], [30, "In 30 days"], [365, "In a year"]];

export const pages = { keys, usage, deliveries };

const sheet = (title, about, ...content) => el("div.page", el("h1", title), about && el("p.lead.dim", about), ...content);

/** rows: lists of cells. On narrow screens each row becomes a small card that names its columns. */
function table(caption, columns, rows, none) {
	if (!rows.length) return el("p.dim.nothing", none);
	const head = columns.map((column) => (column ? el("th", { scope: "col" }, column) : el("td")));
	const body = rows.map((cells) => el("tr", ...cells.map((cell, at) => el("td", { "data-column": columns[at] || null }, cell))));
	return el("div.table", el("table", el("caption.unseen", caption), el("thead", el("tr", ...head)), el("tbody", ...body)));
}

/** Puts what `make` gives into `place`, or why it could not. */
async function fill(place, make) {
	place.replaceChildren(await make().catch((error) => el("p.bad", { role: "alert" }, error.message)));
}

/** What there is, a new one (shown once), and ending one. */
async function keys() {
	const shown = el("div", { role: "status" });
	const list = el("div");
	const load = () => fill(list, async () => {
		const { keys: found } = await api.get("/app/keys");
		return table("Your keys", ["Name", "May", "Made", "Ends", ""], found.map((key) => keyRow(key, load)), "There is no key yet.");
	});
	const name = el("input", { maxlength: 100, dir: "auto", placeholder: "laptop", required: true });
	const life = el("select", ...LIVES.map(([days, text]) => el("option", { value: days }, text)));
	const boxes = ["read", "write"].map((value) => el("input", { type: "checkbox", value, checked: true }));
	const make = (event) => {
		event.preventDefault();
		fill(shown, async () => {
			const scopes = boxes.filter((box) => box.checked).map((box) => box.value);
			const { key } = await api.post("/app/keys", { name: name.value.trim(), scopes, days: Number(life.value) || null });
			name.value = "";
			await load();
			return el("div.notice", el("strong", "This is the only time it is shown."), takeAway("The new key", key));
		});
	};
	const form = el("form.line", { label: "Make a key", onsubmit: make },
		labelled("What it is for", name),
		el("fieldset.field", el("legend", "It may"), el("div.checks", ...boxes.map((box) => el("label", box, box.value)))),
		labelled("It ends", life),
		el("button", { type: "submit", class: "primary" }, "Make a key"),
	);
	await load();
	return sheet("Keys", "Programs call this server with a key. This page itself needs none.", form, shown, list);
}

function keyRow(key, load) {
	const name = key.name || key.id;
	const end = async () => {
		if (!(await confirm("End this key? Programs that use it stop working at once.", "End it"))) return;
		await attempt(() => api.remove(`/app/keys/${key.id}`));
		await load();
	};
	const last = key.works ? iconButton("trash", `End the key ${name}`, end) : el("span.dim", "ended");
	return [theirs(name), key.scopes.join(", "), moment(key.created_at), key.expires_at ? moment(key.expires_at) : "never", last];
}

/** What is left, what is held by jobs under way, and what each day took. */
async function usage() {
	const place = el("div");
	await fill(place, async () => {
		const [account, { days, by_model: models }] = await Promise.all([api.get("/app/account"), api.get(`/app/usage?days=${DAYS}`)]);
		const total = (name) => days.reduce((sum, day) => sum + day[name], 0);
		const figures = el("dl.figures",
			figure("Credits", account.credits === null ? "not metered" : credits(account.credits), account.held && `${credits(account.held)} held by jobs under way`),
			figure(`Jobs in ${DAYS} days`, total("jobs").toLocaleString()),
			figure("Music", music(total("seconds"))),
			figure("Credits used", credits(total("credits"))),
		);
		const rows = models.map((row) => [row.model, String(row.jobs), music(row.seconds), credits(row.credits)]);
		return el("div", figures, chart(days), el("h2", "By model"), table("By model", ["Model", "Jobs", "Music", "Credits"], rows, "Nothing was made yet."));
	});
	return sheet("Usage", null, place);
}

const music = (seconds) => span(Math.round(seconds));
const figure = (name, value, more) => el("div", el("dt", name), el("dd.num", value, more && el("small", more)));

/** A bar for each day; the same figures as a list for who cannot see them. */
function chart(days) {
	const most = Math.max(1, ...days.map((day) => day.jobs));
	const bars = days.map(({ day, jobs, seconds }) => {
		const told = `${day}: ${plural(jobs, "job")}, ${music(seconds)}`;
		const bar = el("li", { title: told }, el("span.unseen", told));
		bar.style.setProperty("--tall", jobs / most);
		return bar;
	});
	return el("figure.chart", el("figcaption.dim", "Jobs a day"), el("ol", ...bars));
}

/** Which webhook went where, what the receiver said, and sending one again. */
async function deliveries() {
	const list = el("div");
	const load = () => fill(list, async () => {
		const { deliveries: found } = await api.get("/app/v1/deliveries?size=50");
		const columns = ["Event", "To", "State", "Tries", "Latest answer", "Made", ""];
		return table("Webhook deliveries", columns, found.map((delivery) => deliveryRow(delivery, load)), "No job named a webhook yet.");
	});
	await load();
	const again = button("reuse", "Look again", load);
	return sheet("Webhooks", "The newest messages about your jobs, each signed.", again, list);
}

function deliveryRow(delivery, load) {
	const { status, next_try_at: next } = delivery;
	const again = async () => {
		await attempt(() => api.post(`/app/v1/deliveries/${delivery.id}/send-again`), "It is on its way");
		await load();
	};
	const state = el("span", el(`span.state.${status}`, status), next && el("small", `next try ${moment(next)}`));
	const send = button(null, "Send again", again, { disabled: status === "pending" });
	return [delivery.event, theirs(delivery.url), state, String(delivery.attempts), theirs(delivery.answer ?? "–"), moment(delivery.created_at), send];
}
