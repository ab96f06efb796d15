/** One line at the foot of the map, for what went wrong or was done; it leaves by itself. */

import { word } from "./language.js";
import { ServiceError } from "./service.js";

let leaving = null;

/** Say something. @param lasting keep it until the next word */
export function say(text, lasting = false) {
  const notice = document.getElementById("notice");
  notice.textContent = text;
  notice.hidden = false;
  clearTimeout(leaving);
  if (!lasting) leaving = setTimeout(hush, 6000);
}

/** Say what a question to the service came to. */
export function tell(error) {
  say(word(error instanceof ServiceError ? error.kind : "failed"));
}

/** Take the line away. */
export function hush() {
  document.getElementById("notice").hidden = true;
}
