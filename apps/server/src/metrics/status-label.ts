/** Statuses that mean something of their own, as a label's values. */
const KNOWN = [
  200, 201, 202, 204, 206, 301, 302, 303, 304, 307, 308, 400, 401, 403, 404, 405, 408, 409, 413, 415, 422,
  425, 429, 431, 499, 500, 501, 502, 503, 504, 529,
] as const;

/** A status as a label: itself, or its class, so that an upstream cannot make up labels. */
export function statusLabel(status: number): string {
  if (KNOWN.some((known) => known === status)) return String(status);
  const hundreds = Math.floor(status / 100);
  return hundreds >= 1 && hundreds <= 5 ? `${hundreds}xx` : 'other';
}

/** Every value there is. */
export const STATUS_LABELS: readonly string[] = [
  ...KNOWN.map(String),
  ...[1, 2, 3, 4, 5].map((hundreds) => `${hundreds}xx`),
  'other',
];
