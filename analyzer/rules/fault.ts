/** What is wrong with a rule, and where in it: `detection.write` and `unknown modifier "startwith"`. */
export class Fault extends Error {
  readonly path: string;

  constructor(path: string, message: string) {
    super(message);
    this.path = path;
  }

  /** One line, as printed behind the file name. */
  get line(): string {
    return this.path === '' ? this.message : `${this.path}: ${this.message}`;
  }
}

/** Names longer than this are cut in messages and get no suggestion. */
const LONGEST_NAME = 80;

/** A name for a message: quoted, on one line, cut. */
export function quoted(name: unknown): string {
  const text = typeof name === 'string' ? name : (JSON.stringify(name) ?? String(name));
  return JSON.stringify(text.length > LONGEST_NAME ? `${text.slice(0, LONGEST_NAME)}...` : text);
}

/** ` (did you mean "contains"?)` when one of `names` is near to `name`, else ''. */
export function suggestion(name: string, names: Iterable<string>): string {
  if (name.length > LONGEST_NAME) return '';
  let best = '';
  let least = Math.max(name.length > 3 ? 2 : 1, Math.floor(name.length / 3)) + 1;
  for (const candidate of names) {
    const far = distance(name.toLowerCase(), candidate.toLowerCase(), least);
    if (far < least) {
      least = far;
      best = candidate;
    }
  }
  return best === '' ? '' : ` (did you mean ${JSON.stringify(best)}?)`;
}

/** Levenshtein distance (V. I. Levenshtein 1966), or `enough` when it is at least that. */
function distance(a: string, b: string, enough: number): number {
  if (Math.abs(a.length - b.length) >= enough) return enough;
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const swap = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(swap, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}
