// The page of webhooks: which went where, what the receiver said, and sending one again.

import * as api from "./api.js";
import { button, el, theirs } from "./dom.js";
import { moment } from "./format.js";
import { saying, sheet, table } from "./page.js";
import { attempt } from "./toast.js";

export async function page() {
	const list = el("div");
	const load = () => saying(list, async () => {
		const { deliveries } = await api.deliveries();
		const columns = ["Event", "To", "State", "Tries", "Latest answer", "Made", ""];
		return table("Webhook deliveries", columns, deliveries.map((delivery) => row(delivery, load)), "No webhook was asked for yet. Jobs that name one in “Webhook” show up here.");
	});
	await load();
	const again = button({ icon: "reuse", text: "Look again", onclick: load });
	return sheet("Webhooks", "The newest messages about your jobs. Each is signed; a receiver that answers 2xx has it.", again, list);
}

function row(delivery, load) {
	const send = button({ text: "Send again", disabled: delivery.status === "pending", onclick: async () => {
		await attempt(() => api.sendAgain(delivery.id), "It is on its way");
		await load();
	} });
	const state = el("span", { class: `state ${delivery.status}` }, delivery.status);
	const when = delivery.next_try_at ? el("small", `next try ${moment(delivery.next_try_at)}`) : null;
	return [delivery.event, theirs(delivery.url), el("span", state, when), String(delivery.attempts), theirs(delivery.answer ?? "–"), moment(delivery.created_at), send];
}
