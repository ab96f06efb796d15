/** Colours of areas, as the legend and both maps use them. Hues after Paul Tol's "light" scheme for colour-blind readers. */

const HUES = ["#6fa4d8", "#ee9a78", "#5fbfa0", "#e8cf6a", "#d99ac5", "#a9b94a"];
const TOWARDS_WHITE = [0.08, 0.34, 0.56, 0.72];

/** One row a community colour, one column a shade. */
export const SHADES = HUES.map((hue) => TOWARDS_WHITE.map((part) => mix(hue, part)));
export const INK = "#17232e";
export const ACCENT = "#12508a";

function mix(colour, part) {
  const channels = [1, 3, 5].map((at) => Number.parseInt(colour.slice(at, at + 2), 16));
  return `#${channels.map((value) => Math.round(value + (255 - value) * part).toString(16).padStart(2, "0")).join("")}`;
}

/** Colour one area; properties are those of /v1/areas, sizes the classes of its level in /v1/stats. */
export function colourOf(properties, colour, sizes) {
  if (colour === "community" || !sizes) return SHADES[properties.hue % HUES.length][properties.shade % TOWARDS_WHITE.length];
  const place = sizes.lows.filter((low) => low <= properties[sizes.measure]).length - 1;
  return sizes.colours[place];
}

/** The same, as a MapLibre expression over the properties of a tile. */
export function colourExpression(colour, sizes) {
  if (colour === "community" || !sizes) {
    const at = ["+", ["*", ["%", ["to-number", ["get", "hue"]], HUES.length], TOWARDS_WHITE.length], ["%", ["to-number", ["get", "shade"]], TOWARDS_WHITE.length]];
    return ["to-color", ["at", at, ["literal", SHADES.flat()]]];
  }
  const steps = sizes.lows.slice(1).flatMap((low, at) => [low, sizes.colours[at + 1]]);
  return ["step", ["to-number", ["get", sizes.measure]], sizes.colours[0], ...steps];
}
