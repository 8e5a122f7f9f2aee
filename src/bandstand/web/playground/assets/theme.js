// Dark or light before the first paint. A plain script, not a module: modules run after painting.
// Only the word "dark" or "light" is kept in this browser, never anything secret.
try {
	const chosen = localStorage.getItem("theme");
	if (chosen === "dark" || chosen === "light") document.documentElement.dataset.theme = chosen;
} catch {
	// Storage is switched off: the system's theme holds.
}
