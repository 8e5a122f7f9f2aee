// Dark or light before the first paint: modules run after it. Only this word is kept in the browser.
try {
	const chosen = localStorage.getItem("theme");
	if (chosen === "dark" || chosen === "light") document.documentElement.dataset.theme = chosen;
} catch {
	// Storage is switched off: the system's theme holds.
}
