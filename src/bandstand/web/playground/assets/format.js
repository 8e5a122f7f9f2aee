// Numbers and texts as people read them.

/** 65.2 -> "1:05" */
export function clock(seconds) {
	const whole = Math.max(0, Math.floor(seconds + 0.05));
	return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

/** 12.5 -> "12.5 s", 90 -> "1 min 30 s" */
export function span(seconds) {
	if (seconds < 60) return `${trimmed(seconds)} s`;
	const rest = Math.round(seconds % 60);
	return rest ? `${Math.floor(seconds / 60)} min ${rest} s` : `${Math.floor(seconds / 60)} min`;
}

export const trimmed = (number) => String(Math.round(number * 100) / 100);

export function left(seconds) {
	if (!Number.isFinite(seconds)) return "";
	return seconds < 1.5 ? "almost done" : `about ${span(Math.round(seconds))} left`;
}

export function bytes(count) {
	if (count < 1000) return `${count} B`;
	return count < 1e6 ? `${Math.round(count / 1e3)} kB` : `${trimmed(Math.round(count / 1e5) / 10)} MB`;
}

export function ago(iso, now = Date.now()) {
	const seconds = (now - Date.parse(iso)) / 1000;
	if (seconds < 60) return "just now";
	if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
	if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ago`;
	return day(iso);
}

export const day = (iso) => new Date(iso).toLocaleDateString(undefined, { year: "numeric", month: "short", day: "numeric" });
export const moment = (iso) => (iso ? new Date(iso).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" }) : "–");
export const credits = (amount) => amount.toLocaleString(undefined, { maximumFractionDigits: 3 });
export const plural = (count, word) => `${count.toLocaleString()} ${word}${count === 1 ? "" : "s"}`;

/** "sample_rate" -> "Sample rate" */
export function words(name) {
	const spaced = name.replaceAll("_", " ");
	return spaced[0].toUpperCase() + spaced.slice(1);
}

/** A file name that every system takes. */
export function fileName(text, ending) {
	const plain = text.normalize("NFKD").toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-+|-+$/g, "");
	return `${plain.slice(0, 60) || "track"}${/^\w+$/.test(ending) ? "." : "-"}${ending}`;
}
