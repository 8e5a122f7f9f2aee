// Calls to the server. The login is a cookie that scripts cannot read: no key is in here.

async function call(method, path, body, headers) {
	const answer = await fetch(path, { method, body, headers }).catch(() => {
		throw new Error("The server cannot be reached.");
	});
	if (answer.status === 204) return null;
	const told = await answer.json().catch(() => ({}));
	if (answer.ok) return told;
	if (answer.status === 401) document.dispatchEvent(new Event("logged-out"));
	const { message = `The server answered ${answer.status}.`, fields } = told.error ?? {};
	throw Object.assign(new Error(message), { fields });
}

export const get = (path) => call("GET", path);
export const post = (path, wish) => call("POST", path, JSON.stringify(wish), { "Content-Type": "application/json" });
export const remove = (path) => call("DELETE", path);
export const put = (path) => call("PUT", path);
export const create = (kind, wish) => post(kind === "image" ? "/app/v1/images" : "/app/v1/jobs", wish);
export const newestJobs = async () => (await get("/app/v1/jobs?size=50")).jobs.reverse();

/** file: a File. Names may hold any letter, headers may not. */
export const upload = (file) => call("POST", "/app/uploads", file, { "Content-Type": "application/octet-stream", "X-File-Name": encodeURIComponent(file.name) });

/** On this page's own origin: the server may go by another name than the address bar has. */
export function local(url) {
	const { pathname, search } = new URL(url, location.href);
	return pathname.includes("/files/") ? pathname + search : url;
}
