/** Questions to the service. Every fault becomes a ServiceError with a kind that the page has words for. */

export class ServiceError extends Error {
  /** @param kind "offline" | "missing" | "waiting" | "refused" | "failed" */
  constructor(kind, detail) {
    super(detail);
    this.kind = kind;
  }
}

const KINDS = { 404: "missing", 422: "refused", 503: "waiting" };

/** Ask for JSON; parameters that are null are left out. */
export async function ask(path, parameters = {}, signal = undefined) {
  let response;
  try {
    response = await fetch(absolute(path, parameters), { signal, headers: { Accept: "application/json" } });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ServiceError("offline", error.message);
  }
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new ServiceError(KINDS[response.status] ?? "failed", answer.detail ?? response.statusText);
  return answer;
}

/** Write an absolute address: workers have no page to be relative to. */
export function absolute(path, parameters = {}) {
  const url = new URL(path, location.href);
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== null && value !== undefined) url.searchParams.set(name, value);
  }
  return url.href;
}

/** Ask for every area of a level, page after page. */
export async function askAreas(level, shape) {
  const features = [];
  let path = absolute("/v1/areas", { level, shape, limit: 5000 });
  while (path) {
    const page = await ask(path);
    features.push(...page.features);
    path = page.links.find((link) => link.rel === "next")?.href ?? null;
  }
  return { type: "FeatureCollection", features };
}
