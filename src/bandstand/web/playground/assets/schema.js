// What the server says may be asked, made simple: one plain description for each field of a JSON schema.

/**
 * return  [{name, kind, title, help, fallback, required, least, most, whole, choices, parts}] in the schema's order
 * kind    "text" "number" "switch" "choice" "rows" (parts: its columns) "hook", or "other" for what has a place of its own
 */
export function fieldsOf(schema) {
	const required = new Set(schema.required ?? []);
	return Object.entries(schema.properties).map(([name, given]) => field(name, given, schema.$defs ?? {}, required.has(name)));
}

function field(name, given, defs, required) {
	const shape = plain(given, defs);
	return {
		name,
		required,
		kind: kindOf(name, shape),
		help: given.description ?? "",
		fallback: given.default ?? null,
		least: shape.minimum ?? shape.exclusiveMinimum,
		most: shape.maximum,
		longest: shape.maxLength,
		whole: shape.type === "integer",
		choices: shape.enum,
		parts: shape.items?.properties && Object.entries(shape.items.properties).map(([part, inner]) => field(part, inner, defs, true)),
	};
}

/** The one alternative that is not null, its reference followed. */
function plain(given, defs) {
	const options = (given.anyOf ?? given.allOf ?? [given]).filter((option) => option.type !== "null");
	const chosen = options.find((option) => option.$ref) ?? options[0];
	const found = chosen.$ref ? defs[chosen.$ref.split("/").pop()] : chosen;
	if (!found.items?.$ref) return found;
	return { ...found, items: defs[found.items.$ref.split("/").pop()] };
}

function kindOf(name, shape) {
	if (name === "webhook") return "hook";
	if (shape.enum) return "choice";
	if (shape.type === "boolean") return "switch";
	if (shape.type === "integer" || shape.type === "number") return "number";
	if (shape.type === "array" && shape.items?.properties) return "rows";
	return shape.type === "string" ? "text" : "other";
}
