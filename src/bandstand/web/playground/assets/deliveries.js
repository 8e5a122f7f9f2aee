// The page of webhooks: which went where, what the receiver said, and sending one again.

import * as api from "./api.js";
import { button, el, theirs } from "./dom.js";
import { moment } from "./format.js";
import { page, saying, table } from "./page.js";
import { say } from "./toast.js";

export async function deliveriesPage() {
	const list = el("div");
	const load = () => saying(list, async () => {
		const { deliveries } = await api.deliveries();
		const columns = ["Event", "To", "State", "Tries", "Latest answer", "Made", ""];
		return table("Webhook deliveries", columns, deliveries.map((delivery) => row(delivery, load)), "No webhook was asked for yet. Jobs that name one in “Webhook” show up here.");
	});
	await load();
	const again = button({ icon: "reuse", text: "Look again", class: "soft", onclick: load });
	return page("Webhooks", "The newest messages about your jobs. Each is signed; a receiver that answers 2xx has it.", again, list);
}

function row(delivery, load) {
	const send = button({ text: "Send again", class: "soft", disabled: delivery.status === "pending", onclick: async () => {
		try {
			await api.sendAgain(delivery.id);
			say("It is on its way");
			await load();
		} catch (error) {
			say(error.message, "trouble");
		}
	} });
	const state = el("span", { class: `state ${delivery.status}` }, delivery.status);
	const when = delivery.next_try_at ? el("small", `next try ${moment(delivery.next_try_at)}`) : null;
	return [delivery.event, theirs(delivery.url), el("span", state, when), String(delivery.attempts), theirs(delivery.answer ?? "–"), moment(delivery.created_at), send];
}
