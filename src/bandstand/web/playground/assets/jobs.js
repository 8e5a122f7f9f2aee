// The jobs this page knows of: kept current by server-sent events or, where these do not come through, by asking.

import * as api from "./api.js";

export const known = new Map();
const FINAL = new Set(["succeeded", "failed", "canceled"]);
export const isFinal = (job) => FINAL.has(job.status);
export const isMusic = (job) => job.kind === "music";
export const titleOf = (job) => job.prompt.slice(0, 200) || "Untitled";
export const latest = (job) => known.get(job.id) ?? job;
const listeners = new Set();
const firstSeen = new Map();

/** told(job, before): job is null when `before` was removed */
export function listen(told) {
	listeners.add(told);
	return () => listeners.delete(told);
}

export function learn(job) {
	const before = known.get(job.id);
	if (before && isFinal(before) && !isFinal(job)) return before;
	const merged = { ...before, ...job };
	known.set(job.id, merged);
	if (merged.status === "running" && !firstSeen.has(job.id)) firstSeen.set(job.id, { at: performance.now(), progress: merged.progress });
	for (const told of listeners) told(merged, before);
	return merged;
}

export function forget(id) {
	const before = known.get(id);
	known.delete(id);
	for (const told of listeners) told(null, before ?? { id });
}

/** From how fast it went while we watched; NaN when nobody can tell yet. */
export function secondsLeft(job) {
	const seen = firstSeen.get(job.id);
	const gone = seen ? job.progress - seen.progress : 0;
	return gone < 0.02 ? NaN : ((1 - job.progress) * (performance.now() - seen.at)) / 1000 / gone;
}

export const find = (job, kind) => job.outputs.find((output) => output.kind === kind);

/** The picture that stands for it. */
export const cover = (job) => find(job, isMusic(job) ? "cover" : "image");

let polling = null;

export function watch() {
	const source = new EventSource("/app/events");
	source.addEventListener("job", (event) => learn(JSON.parse(event.data)));
	source.addEventListener("gone", (event) => forget(JSON.parse(event.data).id));
	source.onopen = () => {
		clearInterval(polling);
		polling = null;
	};
	source.onerror = () => {
		polling ??= setInterval(poll, 1000);
		if (source.readyState === EventSource.CLOSED) setTimeout(() => (source.close(), watch()), 5000);
	};
}

const poll = () => api.newestJobs().then((jobs) => jobs.forEach(learn), () => {});

/** How many are ahead is told only when asked. */
async function lookAhead() {
	const waiting = [...known.values()].filter((job) => job.status === "queued").slice(0, 5);
	for (const job of waiting) await api.get(`/app/v1/jobs/${job.id}`).then(learn, () => forget(job.id));
}
setInterval(lookAhead, 2000);
