/** The page's state: one plain object, changed in one place, heard by whoever asked for a key. */

const listeners = [];
const values = {
  language: "en",
  level: "grid",
  colour: "community",
  selected: null,      // area_id of the open card
  place: null,         // {lon, lat, label}: the address that was looked up
  heat: false,
  since: null,         // first day of the heat, yyyy-mm-dd
  until: null,         // first day after it
  category: null,
  stats: null,         // answer of /v1/stats
};

/** Read a value. */
export function read(key) {
  return values[key];
}

/** Change values; listeners of the keys that really changed are called once, after all are set. */
export function change(patch) {
  const changed = Object.keys(patch).filter((key) => values[key] !== patch[key]);
  Object.assign(values, patch);
  for (const [keys, listener] of listeners) {
    if (keys.some((key) => changed.includes(key))) listener(values);
  }
}

/** Call a listener whenever one of the keys changes. */
export function hear(keys, listener) {
  listeners.push([keys, listener]);
}
