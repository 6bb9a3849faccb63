/** The whole of something as a document keeps it, cut where it is larger than a server takes: one message of OPC UA may have 16 MiB. */

/** Characters of JSON. A server refuses what is more than a tenth of its heap, up to four times over, and a request of 100 MB. */
export const MAX_WHOLE = 4_194_304;
/** What is left of the parts that are cut. */
const MAX_PART = 1_048_576;

type Left = { characters: number };

const isNested = (value: unknown): boolean => typeof value === 'object' && value !== null;

/** A character may take six in JSON. */
function text(value: string, left: Left): string {
  const room = Math.max(0, left.characters);
  const kept = value.slice(0, room);
  const fits = JSON.stringify(kept).length <= room + 2 ? kept : kept.slice(0, Math.floor(room / 6));
  left.characters -= JSON.stringify(fits).length;
  return fits;
}

/** As much of the beginning as there is room for; of an object single values before lists and objects. */
function beginning(value: unknown, left: Left): unknown {
  left.characters -= 8;
  if (typeof value === 'string') return text(value, left);
  if (Array.isArray(value)) return value.flatMap((item) => (left.characters > 0 ? [beginning(item, left)] : []));
  if (!isNested(value)) return value;
  const entries = Object.entries(value as object).sort(([, a], [, b]) => Number(isNested(a)) - Number(isNested(b)));
  return Object.fromEntries(entries.flatMap(([key, inner]) => (left.characters > 0 ? [[text(key, left), beginning(inner, left)]] : [])));
}

/** As JSON. `parts`: what may be cut, since the wire decides how large it is. `whole`: all of it as JSON, where that is at hand. */
export function excerpt<T extends object>(value: T, parts: readonly (keyof T & string)[], whole = JSON.stringify(value)): { text: string; shortened: boolean } {
  if (whole.length <= MAX_WHOLE) return { text: whole, shortened: false };
  const left = { characters: MAX_PART };
  const cut = Object.fromEntries(parts.map((part) => [part, beginning(value[part], left)]));
  return { text: JSON.stringify({ ...value, ...cut }), shortened: true };
}
