/** One line at the foot of the map, for what went wrong or was done; it leaves by itself. */

let leaving = null;

/** Say something. @param lasting keep it until the next word */
export function say(text, lasting = false) {
  const notice = document.getElementById("notice");
  notice.textContent = text;
  notice.hidden = false;
  clearTimeout(leaving);
  if (!lasting) leaving = setTimeout(hush, 6000);
}

/** Take the line away. */
export function hush() {
  document.getElementById("notice").hidden = true;
}
