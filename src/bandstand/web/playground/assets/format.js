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
	return `${Math.floor(seconds / 60)} min${rest ? ` ${rest} s` : ""}`;
}

const trimmed = (number) => String(Math.round(number * 100) / 100);

/** NaN: nobody knows. */
export function left(seconds) {
	if (isNaN(seconds)) return "";
	return seconds < 1.5 ? "almost done" : `about ${span(Math.round(seconds))} left`;
}

export const bytes = (count) => (count < 1e6 ? `${Math.ceil(count / 1e3)} kB` : `${(count / 1e6).toFixed(1)} MB`);

export function ago(iso) {
	const seconds = (Date.now() - Date.parse(iso)) / 1000;
	if (seconds < 60) return "just now";
	if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
	if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ago`;
	return new Date(iso).toLocaleDateString(undefined, { dateStyle: "medium" });
}

export const moment = (iso) => new Date(iso).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
export const credits = (amount) => amount.toLocaleString(undefined, { maximumFractionDigits: 3 });
export const plural = (count, word) => `${count.toLocaleString()} ${word}${count === 1 ? "" : "s"}`;

/** A file name that every system takes. */
export function fileName(text, ending) {
	const plain = text.normalize("NFKD").toLowerCase().replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-+|-+$/g, "");
	return `${plain.slice(0, 60) || "track"}${/^\w+$/.test(ending) ? "." : "-"}${ending}`;
}
