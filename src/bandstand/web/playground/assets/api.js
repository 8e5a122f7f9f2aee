// Calls to the server this page came from. The login is a cookie that scripts cannot read: no key is in here.

export class Refused extends Error {
	constructor(status, told) {
		super(told.message || `The server answered ${status}.`);
		this.status = status;
		this.fields = told.fields ?? [];
	}
}

async function call(method, path, { json, body, headers = {} } = {}) {
	const sent = json === undefined ? { body, headers } : { body: JSON.stringify(json), headers: { "Content-Type": "application/json", ...headers } };
	let answer;
	try {
		answer = await fetch(path, { method, credentials: "same-origin", ...sent });
	} catch {
		throw new Refused(0, { message: "The server cannot be reached." });
	}
	if (answer.status === 204) return null;
	const told = await answer.json().catch(() => ({}));
	if (answer.ok) return told;
	if (answer.status === 401) document.dispatchEvent(new Event("logged-out"));
	throw new Refused(answer.status, told.error ?? {});
}

const query = (given) => {
	const kept = Object.entries(given).filter(([, value]) => value !== null && value !== undefined && value !== "" && value !== false);
	return kept.length ? `?${new URLSearchParams(kept)}` : "";
};

export const schema = () => call("GET", "/app/schema");
export const account = () => call("GET", "/app/account");
export const usage = (days) => call("GET", `/app/usage${query({ days })}`);
export const library = (asked) => call("GET", `/app/library${query(asked)}`);
export const job = (id) => call("GET", `/app/v1/jobs/${id}`);
export const jobs = () => call("GET", "/app/v1/jobs?size=50");
export const create = (kind, wish) => call("POST", kind === "image" ? "/app/v1/images" : "/app/v1/jobs", { json: wish });
export const cancel = (id) => call("POST", `/app/v1/jobs/${id}/cancel`);
export const remove = (id) => call("DELETE", `/app/v1/jobs/${id}`);
export const favourite = (id, on) => call(on ? "PUT" : "DELETE", `/app/jobs/${id}/favourite`);
export const peaks = (id) => call("GET", `/app/jobs/${id}/peaks`);
export const snippets = (kind, wish) => call("POST", "/app/snippets", { json: { [kind]: wish } });
export const share = (id, hours) => call("POST", `/app/jobs/${id}/share`, { json: { hours } });
export const keys = () => call("GET", "/app/keys");
export const createKey = (wish) => call("POST", "/app/keys", { json: wish });
export const revokeKey = (id) => call("DELETE", `/app/keys/${encodeURIComponent(id)}`);
export const deliveries = () => call("GET", "/app/v1/deliveries?size=50");
export const sendAgain = (id) => call("POST", `/app/v1/deliveries/${encodeURIComponent(id)}/send-again`);
export const logout = () => call("POST", "/app/logout");

/** file: a File or Blob. Names may hold any letter, headers may not. */
export const upload = (file, name) =>
	call("POST", "/app/uploads", { body: file, headers: { "Content-Type": "application/octet-stream", "X-File-Name": encodeURIComponent(name) } });

/** A link to a result, on this page's own origin: the server may call itself by another name than the address bar. */
export function local(url) {
	const parsed = new URL(url, location.href);
	return parsed.pathname.includes("/files/") ? parsed.pathname + parsed.search : url;
}
