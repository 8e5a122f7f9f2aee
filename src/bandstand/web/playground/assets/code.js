// The form's wish as a program: for each API that this server speaks, a request that works, and what that API cannot say.
// Pure text in, text out. The fields are those of docs/dialects/*.md.

const KEY = "$BANDSTAND_KEY";
const json = (value) => JSON.stringify(value, null, 2);
/** One word for a POSIX shell, whatever is in it. */
const shell = (text) => `'${String(text).replaceAll("'", String.raw`'\''`)}'`;
const clamp = (value, least, most) => Math.min(most, Math.max(least, value));

/** A Python literal. JSON's texts and numbers are Python's, its three words are not. */
function python(value, depth = 0) {
  if (value === null || value === undefined) return "None";
  if (value === true || value === false) return value ? "True" : "False";
  if (typeof value !== "object") return JSON.stringify(value);
  const pad = "    ".repeat(depth + 1);
  const [start, end, members] = Array.isArray(value)
    ? ["[", "]", value.map((inner) => python(inner, depth + 1))]
    : ["{", "}", Object.entries(value).map(([name, inner]) => `${JSON.stringify(name)}: ${python(inner, depth + 1)}`)];
  return members.length ? `${start}\n${members.map((member) => `${pad}${member},\n`).join("")}${"    ".repeat(depth)}${end}` : start + end;
}

/** Which members a dialect has no word for, told in ours. */
function unsaid(wish, said) {
  const left = Object.keys(wish).filter((name) => !said.includes(name));
  return left.length ? [`It has no word for ${left.map((name) => name.replaceAll("_", " ")).join(", ")}: left out here.`] : [];
}

function spanOf(wish) {
  const given = wish.melody ?? wish.continues;
  return typeof given === "string" ? { source: given } : given;
}

const inherits = (model, named) => (model === named ? [] : [`It knows no model “${model}”: this asks for ${named}, and where its weights are missing the server's stand-in makes the piece.`]);

export const DIALECTS = [
  { name: "curl", write: curl },
  { name: "Python", write: pythonClient },
  { name: "Command line", write: commandLine },
  { name: "Replicate", write: replicate },
  { name: "Leap", write: leap },
  { name: "ModelsLab", write: modelsLab },
  { name: "Segmind", write: segmind },
];

/** return {text, notes}: text is null when the API has nothing like it */
export function snippet(dialect, kind, wish, server) {
  return dialect.write(kind, wish, server);
}

function curl(kind, wish, server) {
  const path = kind === "image" ? "/v1/images" : "/v1/jobs";
  const ask = `curl ${server}${path} \\\n  -H "Authorization: Bearer ${KEY}" \\\n  -H "Content-Type: application/json" \\\n  -d ${shell(json(wish))}`;
  const follow = kind === "image"
    ? `# The answer tells the id; the job has links to its pictures once it succeeded:\ncurl ${server}/v1/jobs/ID -H "Authorization: Bearer ${KEY}"`
    : `# The answer tells the id. This writes the sound while it is being made, and ends with it:\ncurl -L ${server}/v1/jobs/ID/audio -H "Authorization: Bearer ${KEY}" -o track.wav`;
  return { text: `${ask}\n\n${follow}`, notes: [] };
}

function pythonClient(kind, { prompt, ...wish }, server) {
  const more = Object.entries(wish).map(([name, value]) => `        ${name}=${python(value, 2)},\n`).join("");
  const call = kind === "image" ? "draw" : "make";
  const lines = [
    "import os",
    "",
    "from bandstand.client import Bandstand",
    "",
    `with Bandstand(${JSON.stringify(server)}, key=os.environ["BANDSTAND_KEY"]) as bandstand:`,
    `    job = bandstand.${call}(\n        ${JSON.stringify(prompt)},\n${more}    )`,
    kind === "image" ? "    job = bandstand.wait(job.id)\n    bandstand.download(job, job.output().name)" : `    bandstand.download(job, "track.${ending(wish.encoding)}")`,
  ];
  return { text: lines.join("\n"), notes: ["pip install bandstand; or copy its one file client.py into your program."] };
}

const ending = (encoding = "wav") => (encoding.startsWith("wav") ? "wav" : encoding);

const FLAGS = {
  seed: "--seed", model: "--model", score: "--score", variation: "--variation", stems: "--stems", temperature: "--temperature", top_k: "--top-k",
  top_p: "--top-p", guidance: "--guidance", encoding: "--encoding", loudness: "--loudness", sample_rate: "--sample-rate",
};
const PICTURE_FLAGS = ["model", "negative", "width", "height", "count", "steps", "guidance", "seed", "scheduler", "strength", "upscale", "safety", "format", "family", "palette"];

function commandLine(kind, wish) {
  if (kind === "image") {
    const flags = PICTURE_FLAGS.filter((name) => wish[name] !== undefined).map((name) => `--${name} ${shell(wish[name])}`);
    return { text: ["bandstand image " + shell(wish.prompt), ...flags].join(" \\\n  "), notes: unsaid(wish, ["prompt", ...PICTURE_FLAGS]) };
  }
  const words = [`--seconds ${wish.seconds}`];
  for (const [name, flag] of Object.entries(FLAGS)) if (wish[name] !== undefined) words.push(`${flag} ${shell(wish[name])}`);
  const given = spanOf(wish);
  if (given) words.push(`${wish.melody ? "--melody" : "--continue"} ${shell(given.source)}`);
  if (given?.start) words.push(`--from ${given.start}`);
  if (given?.end) words.push(`--to ${given.end}`);
  for (const part of wish.sections ?? []) words.push(`--section ${shell(`${part.start}=${part.prompt}`)}`);
  if (wish.multiband) words.push("--multiband");
  words.push(`--out track.${ending(wish.encoding)}`);
  const notes = ["It makes the piece on your own machine, without a server."];
  if (given || wish.score) notes.push("Put the path of your file in place of the address.");
  if (wish.webhook) notes.push("There is no webhook: it waits for the piece.");
  return { text: [`bandstand generate ${shell(wish.prompt)}`, ...words].join(" \\\n  "), notes };
}

const REPLICATE_MODELS = ["stereo-melody-large", "stereo-large", "melody-large", "large"];
const SIZES = { large: "large", medium: "large", small: "large", melody: "melody-large", "stereo-small": "stereo-large", "stereo-medium": "stereo-large", "stereo-melody": "stereo-melody-large" };

function replicate(kind, wish, server) {
  if (kind === "image") return replicatePicture(wish, server);
  const model = REPLICATE_MODELS.includes(wish.model) ? wish.model : (SIZES[wish.model] ?? "stereo-melody-large");
  const given = spanOf(wish);
  const encoding = ["wav", "mp3"].includes(wish.encoding) ? wish.encoding : undefined;
  const input = defined({
    prompt: wish.prompt,
    model_version: model,
    duration: Math.max(1, Math.round(wish.seconds)),
    input_audio: given?.source,
    continuation: wish.continues ? true : undefined,
    continuation_start: given?.start ? Math.round(given.start) : undefined,
    continuation_end: given?.end ? Math.round(given.end) : undefined,
    multi_band_diffusion: wish.multiband,
    normalization_strategy: wish.loudness,
    top_k: wish.top_k,
    top_p: wish.top_p,
    temperature: wish.temperature,
    classifier_free_guidance: wish.guidance === undefined ? undefined : Math.round(wish.guidance),
    output_format: encoding,
    seed: wish.seed > 0 ? wish.seed : undefined,
  });
  const said = ["prompt", "model", "seconds", "melody", "continues", "multiband", "loudness", "top_k", "top_p", "temperature", "guidance", "seed", "webhook", ...(encoding ? ["encoding"] : [])];
  const notes = [...inherits(wish.model ?? "composer", model), ...unsaid(wish, said)];
  if (!Number.isInteger(wish.seconds)) notes.push("Its duration is whole seconds.");
  if ((given?.start ?? 0) % 1 || (given?.end ?? 0) % 1) notes.push("It cuts given sound at whole seconds.");
  if (wish.guidance % 1) notes.push("Its guidance is a whole number.");
  if (wish.seed === 0) notes.push("A seed of 0 draws one there.");
  if (wish.webhook) return { text: replicateLater(input, wish.webhook.url, server), notes };
  return { text: replicateRun("meta/musicgen", input, server), notes };
}

const replicateClient = (server) => `import os\n\nimport replicate\n\nclient = replicate.Client(\n    api_token=os.environ["BANDSTAND_KEY"],\n    base_url=${JSON.stringify(server)},\n)\n`;
const replicateRun = (model, input, server) => `${replicateClient(server)}output = client.run(\n    ${JSON.stringify(model)},\n    input=${python(input, 1)},\n)\nprint(output)`;
const replicateLater = (input, webhook, server) =>
  `${replicateClient(server)}prediction = client.models.predictions.create(\n    "meta/musicgen",\n    input=${python(input, 1)},\n    webhook=${JSON.stringify(webhook)},\n    webhook_events_filter=["completed"],\n)\nprint(prediction.id)`;

function replicatePicture(wish, server) {
  const input = defined({
    prompt: wish.prompt, negative_prompt: wish.negative, width: wish.width, height: wish.height, num_outputs: wish.count, num_inference_steps: wish.steps,
    guidance_scale: wish.guidance, scheduler: wish.scheduler, seed: wish.seed, image: wish.init, prompt_strength: wish.init && wish.strength,
  });
  const said = ["prompt", "model", "negative", "width", "height", "count", "steps", "guidance", "scheduler", "seed", "init", "strength"];
  return { text: replicateRun("stability-ai/sdxl", input, server), notes: [...inherits(wish.model ?? "canvas", "sdxl"), ...unsaid(wish, said)] };
}

const leapClient = (server) => `import os\n\nfrom leap import Leap\n\nleap = Leap(\n    host=${JSON.stringify(server)},\n    access_token=os.environ["BANDSTAND_KEY"],\n)\n`;
const LEAP_SDXL = "26a1a203-3a46-42cb-8cfa-f4de075907d8";

function leap(kind, wish, server) {
  if (kind === "image") return leapPicture(wish, server);
  const mode = wish.model?.includes("melody") ? "melody" : "music";
  const named = mode === "melody" ? "melody-large" : "large";
  const body = { prompt: wish.prompt, mode, duration: clamp(wish.seconds, 0.5, 30) };
  const call = wish.webhook ? { ...body, webhook_url: wish.webhook.url } : body;
  const text = `${leapClient(server)}music = leap.music.generate(\n${named_arguments(call)})\nprint(music.body["id"])  # leap.music.find_one(inference_id=…) has its media_uri later`;
  const notes = [...inherits(wish.model ?? "composer", named), ...unsaid(wish, ["prompt", "model", "seconds", "webhook"]), "For leap-python-sdk 1.1.4; 1.0.0 says leap.generate_music.create_audio."];
  if (wish.seconds > 30) notes.push("It ends at 30 seconds.");
  return { text, notes };
}

const named_arguments = (given) => Object.entries(given).map(([name, value]) => `    ${name}=${python(value, 1)},\n`).join("");

function leapPicture(wish, server) {
  const call = defined({
    model_id: LEAP_SDXL, prompt: wish.prompt, negative_prompt: wish.negative, width: wish.width, height: wish.height, number_of_images: wish.count,
    steps: wish.steps, prompt_strength: wish.guidance, seed: wish.seed, upscale_by: wish.upscale > 1 ? `x${wish.upscale}` : undefined, webhook_url: wish.webhook?.url,
  });
  const text = `${leapClient(server)}images = leap.images.generate(\n${named_arguments(call)})\nprint(images.body["id"])`;
  const said = ["prompt", "model", "negative", "width", "height", "count", "steps", "guidance", "seed", "upscale", "webhook"];
  return { text, notes: [...inherits(wish.model ?? "canvas", "sdxl"), ...unsaid(wish, said)] };
}

const TOKENS = [256, 1024]; // three, and then fifty for each second
const MODELSLAB_FORMATS = ["wav", "mp3", "flac"];

function modelsLab(kind, wish, server) {
  if (kind === "image") return { text: null, notes: ["ModelsLab's pictures are not served here; only its music is."] };
  const given = spanOf({ melody: wish.melody });
  const format = MODELSLAB_FORMATS.includes(wish.encoding ?? "wav") ? (wish.encoding ?? "wav") : "wav";
  const body = defined({
    prompt: wish.prompt, init_audio: given?.source, sampling_rate: wish.sample_rate ?? 32000,
    max_new_token: clamp(Math.round(wish.seconds * 50) + 3, ...TOKENS), output_format: format, webhook: wish.webhook?.url,
  });
  const members = shell(json(body).slice(1)).slice(1);
  const text = `curl ${server}/api/v1/enterprise/voice/music_gen \\\n  -H "Content-Type: application/json" \\\n  -d '{\n  "key": "'"${KEY}"'",${members}`;
  const said = ["prompt", "model", "seconds", "melody", "sample_rate", "webhook", ...(format === wish.encoding ? ["encoding"] : [])];
  const notes = [...inherits(wish.model ?? "composer", "melody"), ...unsaid(wish, said), "An answer of “processing” tells where to fetch it."];
  if (wish.seconds < 5.06 || wish.seconds > 20.42) notes.push("Its pieces last from 5.06 to 20.42 seconds.");
  if (given?.start || given?.end) notes.push("It takes all of a melody, not a stretch of it.");
  return { text, notes };
}

function segmind(kind, wish, server) {
  if (kind === "image") return { text: null, notes: ["Segmind's pictures are not served here; only its music is."] };
  const hasSeed = wish.seed !== undefined && wish.seed <= 9999;
  const body = { prompt: wish.prompt, duration: clamp(wish.seconds, 1, 30), seed: hasSeed ? wish.seed : -1 };
  const text = `curl ${server}/v1/meta-musicgen-medium \\\n  -H "x-api-key: ${KEY}" \\\n  -H "Content-Type: application/json" \\\n  -d ${shell(json(body))} \\\n  -o track.wav`;
  const notes = [...inherits(wish.model ?? "composer", "medium"), ...unsaid(wish, ["prompt", "model", "seconds", "seed"]), "The answer is the sound itself."];
  if (wish.seconds > 30 || wish.seconds < 1) notes.push("Its pieces last from 1 to 30 seconds.");
  if (wish.seed > 9999) notes.push("Its seeds end at 9999: here one is drawn.");
  return { text, notes };
}

const defined = (given) => Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined && value !== null && value !== false));
