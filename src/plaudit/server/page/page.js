// The page: asks /explain as one types, /predict/file for a file. No library, no other host.
"use strict";

const PAUSE_MS = 180; // after the last key, before the server is asked
const MOST_ROWS = 8; // of a file, shown
const MOST_BARS = 12; // classes shown, the likeliest first
const $ = (id) => document.getElementById(id);
let models = [];
let key = sessionStorage.getItem("plaudit-key") || "";
let asked = 0; // the newest question: older answers are dropped
let busy = false; // a question is under way
let again = false; // and the text has changed since
let pause = 0;
let download = null;

function make(tag, text, className) {
  const element = document.createElement(tag);
  if (text !== undefined) element.textContent = text;
  if (className) element.className = className;
  return element;
}

async function request(path, options = {}) {
  const headers = { ...(options.headers || {}) };
  if (key) headers.Authorization = `Bearer ${key}`;
  let response;
  try {
    response = await fetch(path, { ...options, headers });
  } catch {
    throw new Error("The server does not answer. Is it still running?");
  }
  if (response.ok) return response;
  if (response.status === 401) {
    $("key-form").hidden = false;
    throw new Error(key ? "The server does not know this API key." : "The server asks for an API key.");
  }
  let message = `The server answered ${response.status}.`;
  try {
    message = (await response.json()).error || message;
  } catch { /* not ours: the status must do */ }
  throw new Error(message.charAt(0).toUpperCase() + message.slice(1));
}

function complain(id, error) {
  $(id).textContent = error ? error.message : "";
  $(id).hidden = !error;
}

const capital = (words) => words[0].toUpperCase() + words.slice(1);
const percent = (p) => `${(100 * p).toFixed(p > 0.9995 && p < 1 ? 2 : 1)} %`;
const current = () => models.find((one) => one.name === $("model").value) || models[0];

async function begin() {
  try {
    models = (await (await request("models")).json()).models;
    $("key-form").hidden = true;
    complain("problem", null);
  } catch (error) {
    complain("problem", error);
    return;
  }
  $("model").replaceChildren(...models.map((one) => new Option(one.name, one.name)));
  $("pick").hidden = models.length < 2;
  about();
  ask();
}

function about() {
  const one = current();
  if (!one) return;
  const names = one.classes.slice(0, 8).map(String).join(", ") + (one.classes.length > 8 ? ", …" : "");
  const rule = one.rule ? ` Its rule: ${one.rule}.` : "";
  $("text").placeholder = `A text to answer with ${one.multi_label ? "any of" : "one of"}: ${names}`;
  $("about").textContent = `Model ${one.name}: ${one.multi_label ? "any of" : "one of"} ${names}.${rule}`;
}

function askSoon() {
  clearTimeout(pause);
  pause = setTimeout(ask, PAUSE_MS);
  $("clear").disabled = $("text").value === "";
}

async function ask() {
  clearTimeout(pause);
  const text = $("text").value;
  $("clear").disabled = text === "";
  if (text.trim() === "" || !models.length) {
    asked++;
    again = false;
    $("answer").hidden = true;
    complain("problem", null);
    return;
  }
  again = busy;
  if (busy) return; // one question at a time: a slow model would have them pile up
  busy = true;
  const number = ++asked;
  $("answer").classList.add("stale");
  try {
    const body = JSON.stringify({ texts: [text.toWellFormed ? text.toWellFormed() : text], model: current().name });
    const answer = await (await request("explain", { method: "POST", body })).json();
    if (number === asked) {
      complain("problem", null);
      show(text, answer.answers[0]);
    }
  } catch (error) {
    if (number === asked) {
      $("answer").hidden = true;
      complain("problem", error);
    }
  }
  busy = false;
  if (again) ask();
}

function show(text, answer) {
  const chances = Object.entries(answer.probabilities).sort((a, b) => b[1] - a[1]);
  const given = (Array.isArray(answer.label) ? answer.label : [answer.label]).filter((one) => one !== null).map(String);
  $("answer").hidden = false;
  $("answer").classList.remove("stale");
  const said = given.map((name) => `${name}, ${percent(answer.probabilities[name])}`).join("; ");
  const none = Array.isArray(answer.label) ? "No label" : `No answer; the most probable is ${chances[0][0]}, ${percent(chances[0][1])}`;
  $("verdict").classList.toggle("doubt", Boolean(answer.reason));
  setText($("verdict"), answer.reason ? `${capital(answer.reason)}. The most probable is ${chances[0][0]}, ${percent(chances[0][1])}` : said || none);
  showBars(chances, given);
  showShares(text, answer.explanations);
}

function setText(element, text) {
  if (element.textContent !== text) element.textContent = text; // the same again is not read out again
}

function showBars(chances, given) {
  const rows = chances.slice(0, MOST_BARS).map(([name, p]) => {
    const row = make("div", undefined, given.includes(name) ? "bar is-answer" : "bar");
    const track = make("dd", undefined, "track");
    track.setAttribute("aria-hidden", "true"); // the number beside it says it
    track.append(make("div", undefined, "fill"));
    track.firstChild.style.width = `${100 * p}%`;
    row.append(make("dt", name), make("dd", percent(p), "value"), track);
    return row;
  });
  $("bars").replaceChildren(...rows);
  const more = chances.length - MOST_BARS;
  $("more").textContent = more > 0 ? `and ${more} less likely ${more === 1 ? "class" : "classes"}` : "";
}

function showShares(text, explanations) {
  const one = explanations[0];
  const letters = Array.from(text); // the server counts code points
  const most = Math.max(1e-9, ...one.words.map((word) => Math.abs(word.share)));
  const parts = [];
  let at = 0;
  for (const word of one.words) {
    parts.push(letters.slice(at, word.start).join(""));
    parts.push(marked(word, most));
    at = word.end;
  }
  parts.push(letters.slice(at).join(""));
  $("shares").replaceChildren(...parts);
  const other = one.against === null ? (explanations.length > 1 ? "against it" : "any other") : String(one.against);
  $("legend").replaceChildren(
    "The stronger the colour, the more a word speaks for ", make("span", String(one.label), "for-key"),
    " or for ", make("span", other, "against-key"), ".",
    one.words.some((word) => word.unread) ? " Struck out: a part that the model does not read." : "",
  );
  const rows = [...one.words].sort((a, b) => Math.abs(b.share) - Math.abs(a.share)).slice(0, 200).map((word) => {
    const row = make("tr");
    const side = word.unread ? "not read" : word.unseen ? "unknown word" : word.share === 0 ? "–" : word.share > 0 ? String(one.label) : other;
    row.append(make("td", word.word), make("td", word.share.toFixed(2), "n"), make("td", side));
    return row;
  });
  $("rows").replaceChildren(...rows);
}

function marked(word, most) {
  const strength = Math.abs(word.share) / most;
  const side = word.share > 0 ? "for" : "against";
  const span = make("span", word.word, word.unread ? "unread" : strength > 0.1 ? side : "");
  if (strength > 0.02) span.style.backgroundColor = `rgba(var(--${side}), ${(0.5 * strength).toFixed(3)})`;
  span.title = word.unread ? "not read" : `${word.share >= 0 ? "+" : ""}${word.share.toFixed(2)}${word.unseen ? ", unknown word" : ""}`;
  return span;
}

async function scoreFile(file) {
  complain("file-problem", null);
  $("download-line").hidden = $("preview").hidden = true;
  const format = (/\.(csv|tsv|jsonl)$/i.exec(file.name) || [])[1];
  if (!format) {
    complain("file-problem", new Error(`${file.name}: expected a file that ends in .csv, .tsv or .jsonl.`));
    return;
  }
  $("file-state").textContent = `Scoring ${file.name} …`;
  const query = new URLSearchParams({ format: format.toLowerCase() });
  if (current()) query.set("model", current().name);
  try {
    const response = await request(`predict/file?${query}`, { method: "POST", body: file });
    const rows = Number(response.headers.get("X-Rows"));
    const blob = await response.blob();
    if (download) URL.revokeObjectURL(download);
    download = URL.createObjectURL(blob);
    const isJson = format.toLowerCase() === "jsonl";
    const name = `${file.name.replace(/\.[^.]*$/, "")}-scored.${isJson ? "jsonl" : "csv"}`;
    Object.assign($("download"), { href: download, download: name, textContent: `Download ${name}` });
    $("download-line").hidden = false;
    const head = await blob.slice(0, 200000).text();
    const table = isJson ? parseLines(head, MOST_ROWS) : parseCsv(head, MOST_ROWS + 1);
    showPreview(table);
    $("file-state").textContent = `${rows.toLocaleString("en")} ${rows === 1 ? "row" : "rows"} scored; ${rows === 1 ? "it is" : `the first ${table.length - 1} are`} below.`;
  } catch (error) {
    $("file-state").textContent = "";
    complain("file-problem", error);
  }
}

function showPreview(table) {
  const head = make("thead");
  const body = make("tbody");
  table.forEach((cells, number) => {
    const row = make("tr");
    cells.forEach((cell) => {
      const long = cell.length > 160 ? `${cell.slice(0, 160)} …` : cell;
      const element = make(number ? "td" : "th", /^[01]\.\d{5,}/.test(cell) ? Number(cell).toFixed(4) : long);
      if (!number) element.scope = "col";
      row.append(element);
    });
    (number ? body : head).append(row);
  });
  const shown = make("table");
  shown.append(head, body);
  $("preview").replaceChildren(shown);
  $("preview").hidden = false;
}

function parseLines(text, most) { // JSON Lines, the first rows
  const records = text.split("\n").slice(0, most).flatMap((line) => { try { return [JSON.parse(line)]; } catch { return []; } });
  const names = [...new Set(records.flatMap((record) => Object.keys(record)))];
  const shown = (value) => value === undefined || value === null ? "" : typeof value === "object" ? JSON.stringify(value) : String(value);
  return [names, ...records.map((record) => names.map((name) => shown(record[name])))];
}

function parseCsv(text, most) { // RFC 4180, the first rows
  const rows = [[""]];
  let quoted = false;
  for (let i = 0; i < text.length; i++) {
    const row = rows[rows.length - 1];
    const letter = text[i];
    if (quoted && letter === '"' && text[i + 1] === '"') { row[row.length - 1] += '"'; i++; }
    else if (letter === '"') quoted = !quoted;
    else if (!quoted && letter === ",") row.push("");
    else if (!quoted && letter === "\n") { if (rows.length === most) return rows; rows.push([""]); }
    else if (quoted || letter !== "\r") row[row.length - 1] += letter;
  }
  if (rows[rows.length - 1].length === 1 && rows[rows.length - 1][0] === "") rows.pop();
  return rows;
}

$("text").addEventListener("input", askSoon);
$("clear").addEventListener("click", () => { $("text").value = ""; ask(); $("text").focus(); });
$("model").addEventListener("change", () => { about(); ask(); });
$("file").addEventListener("change", () => { if ($("file").files.length) scoreFile($("file").files[0]); });
$("key-form").addEventListener("submit", (event) => {
  event.preventDefault();
  key = $("key").value.trim();
  sessionStorage.setItem("plaudit-key", key);
  begin();
});
for (const name of ["dragenter", "dragover"]) {
  document.addEventListener(name, (event) => { event.preventDefault(); $("drop").classList.add("over"); });
}
document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) $("drop").classList.remove("over"); });
document.addEventListener("drop", (event) => {
  event.preventDefault();
  $("drop").classList.remove("over");
  if (event.dataTransfer.files.length) scoreFile(event.dataTransfer.files[0]);
});
begin();
