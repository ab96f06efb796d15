/** Speak the reader's language: words, numbers, days and areas. */

import { change, hear, read } from "./state.js";
import { CATEGORIES, ROLES, WORDS } from "./words.js";

const LOCALES = { zh: "zh-CN", en: "en-GB" };
const KEPT_AS = "gridgeo.language";

/** Choose the first language: the reader's own choice, the town's setting, then the browser's. */
export function startLanguage() {
  const asked = new URLSearchParams(location.search).get("lang");
  const setting = document.documentElement.dataset.language;
  const browser = navigator.language.startsWith("zh") ? "zh" : "en";
  const first = [asked, kept(), setting, browser].find((choice) => choice in WORDS);
  for (const button of document.querySelectorAll("[data-language-choice]")) {
    button.addEventListener("click", () => change({ language: button.dataset.languageChoice }));
  }
  change({ language: first });
  hear(["language"], () => {
    keep(read("language"));
    translate(document);
  });
  translate(document);
}

function kept() {
  try {
    return localStorage.getItem(KEPT_AS);
  } catch {
    return null; // storage may be forbidden; the choice then lasts for the visit
  }
}

function keep(language) {
  try {
    localStorage.setItem(KEPT_AS, language);
  } catch { /* as above */ }
}

/** Write the words of every element that names one. */
export function translate(root) {
  const language = read("language");
  document.documentElement.lang = LOCALES[language];
  for (const element of root.querySelectorAll("[data-word]")) element.textContent = word(element.dataset.word);
  for (const element of root.querySelectorAll("[data-word-label]")) element.setAttribute("aria-label", word(element.dataset.wordLabel));
  for (const element of root.querySelectorAll("[data-word-placeholder]")) element.placeholder = word(element.dataset.wordPlaceholder);
  for (const button of root.querySelectorAll("[data-language-choice]")) {
    button.setAttribute("aria-pressed", String(button.dataset.languageChoice === language));
  }
}

/** Say a word, with {names} filled in. */
export function word(key, values = {}) {
  const text = WORDS[read("language")][key] ?? key;
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

/** Name an officer's role, and a category of incidents: in words where the code is known, else as the town wrote it. */
export function roleWord(role) {
  return ROLES[role]?.[read("language")] ?? role;
}

export function categoryWord(category) {
  return CATEGORIES[category]?.[read("language")] ?? category;
}

/** Name a level inside a sentence. */
export function levelWord(level) {
  return word(level).toLowerCase();
}

export function number(value, digits = 0) {
  return new Intl.NumberFormat(LOCALES[read("language")], { maximumFractionDigits: digits }).format(value);
}

export function share(value) {
  return new Intl.NumberFormat(LOCALES[read("language")], { style: "percent", maximumFractionDigits: value < 1 ? 1 : 0 }).format(value);
}

/** Write a day such as 2026-10-01. */
export function day(text, style = { day: "numeric", month: "short", year: "numeric" }) {
  return new Intl.DateTimeFormat(LOCALES[read("language")], { ...style, timeZone: "UTC" }).format(new Date(`${text}T00:00:00Z`));
}

/** Write an area: hectares up to a square kilometre, then square kilometres. */
export function area(squareMetres) {
  const zh = read("language") === "zh";
  if (squareMetres < 1e6) return `${number(squareMetres / 1e4, 1)} ${zh ? "公顷" : "ha"}`;
  return `${number(squareMetres / 1e6, 2)} ${zh ? "平方公里" : "km²"}`;
}
