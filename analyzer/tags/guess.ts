/**
 * Which word order a value of several registers may have. Offered with its reasons, never applied: a person decides, because a
 * wrong order gives numbers that look like numbers.
 */
import { numberIn } from './decode.ts';
import { type NumberType, WORD_ORDERS, type WordOrder } from './tag.ts';

export type Clues = {
  type: NumberType;
  /** By register, as on the wire. */
  values: readonly (number | null)[];
  low: readonly (number | null)[];
  high: readonly (number | null)[];
  /** Limits of the tag and how its value is scaled, where there is a tag. */
  limits: { low: number | null; high: number | null; scale: number; offset: number } | null;
};

export type Candidate = {
  order: WordOrder;
  /** null where the bits mean no number. Without scale and offset. */
  value: number | string | null;
  score: number;
  /** What speaks for or against it, in words. */
  reasons: string[];
};

export type Guess = {
  /** The most likely first. */
  ranking: Candidate[];
  /** null: it cannot be told. */
  best: WordOrder | null;
  /** One sentence. */
  verdict: string;
};

/** How much more must speak for the first candidate than for the second. */
const MARGIN = 2;

/** Ranks the orders. */
export function guess(clues: Clues): Guess {
  if (clues.values.some((one) => one === null)) return { ranking: [], best: null, verdict: 'Cannot tell: not all of its registers were seen with a value.' };
  const words = clues.values as readonly number[];
  const moving = movement(clues);
  const ranking = WORD_ORDERS.map((order) => candidate(order, words, clues, moving)).sort((a, b) => b.score - a.score);
  const [first, second] = ranking as [Candidate, Candidate];
  if (ranking.every(({ value }) => value === first.value)) return { ranking, best: null, verdict: 'Cannot tell: every order gives the same value now.' };
  if (first.score < 0) return { ranking, best: null, verdict: `Cannot tell: in no order it looks like a measured value of type ${clues.type}.` };
  if (first.value === null || first.score - second.score < MARGIN)
    return { ranking, best: null, verdict: `Cannot tell: what speaks for ${first.order} hardly outweighs what speaks for ${second.order}.` };
  return { ranking, best: first.order, verdict: `${first.order} is the most likely: ${first.reasons.join('; ')}.` };
}

function candidate(order: WordOrder, words: readonly number[], clues: Clues, moving: Movement | null): Candidate {
  const raw = numberIn(clues.type, words, order);
  const value = typeof raw === 'bigint' && !Number.isSafeInteger(Number(raw)) ? String(raw) : raw === null ? null : Number(raw);
  const found: Candidate = { order, value, score: 0, reasons: [] };
  const say = (points: number, reason: string): void => {
    found.score += points;
    if (reason !== '') found.reasons.push(reason);
  };
  if (raw === null) say(-6, clues.type.startsWith('float') ? 'its bits are no number' : 'it has a digit above nine');
  else judge(Number(raw), clues, say);
  if (moving !== null && clues.type !== 'bcd32') {
    const highFirst = order === 'ABCD' || order === 'BADC';
    if (highFirst === moving.firstIsStill)
      say(2, `${moving.still}, as the word with ${clues.type.startsWith('float') ? 'sign and exponent' : 'the high digits'} does`);
    else say(-2, `the word that moves most would hold ${clues.type.startsWith('float') ? 'sign and exponent' : 'the high digits'}`);
  }
  if (order === 'BADC' || order === 'DCBA') say(-1, 'few devices swap the bytes of a register');
  return found;
}

type Say = (points: number, reason: string) => void;

function judge(value: number, { type, limits }: Clues, say: Say): void {
  if (limits !== null && (limits.low !== null || limits.high !== null)) {
    const scaled = value * limits.scale + limits.offset;
    const inside = (limits.low === null || scaled >= limits.low) && (limits.high === null || scaled <= limits.high);
    say(inside ? 4 : -4, `${inside ? 'within' : 'outside'} the limits of its tag`);
  }
  if (type.startsWith('float')) judgeFloat(value, say);
  else judgeWhole(value, say);
}

/** Process values lie between a thousandth and a hundred million, nearly all. */
function judgeFloat(value: number, say: Say): void {
  const size = Math.abs(value);
  if (size === 0) return;
  if (size >= 1e-2 && size < 1e5) say(2, 'a usual size');
  else if (size >= 1e-4 && size < 1e8) say(1, '');
  else say(-3, size < 1 ? 'too close to zero for a measured value' : 'too large for a measured value');
  if (String(value).replace(/^-?0?\.?0*|\.|e.*$/g, '').length <= 5) say(1, 'a round number');
}

function judgeWhole(value: number, say: Say): void {
  const size = Math.abs(value);
  if (size === 0) return;
  if (size < 1e6) say(2, 'a usual size');
  else if (size >= 1e9) say(-1, 'very large');
}

type Movement = { firstIsStill: boolean; still: string };

/** Which end of the value moves less, by the learned range of its first and its last register; null when that does not tell. */
function movement({ low, high }: Clues): Movement | null {
  const span = (n: number): number => (high[n] ?? Number.NaN) - (low[n] ?? Number.NaN);
  const last = low.length - 1;
  const [first, final] = [span(0), span(last)];
  if (Number.isNaN(first) || Number.isNaN(final) || Math.max(first, final) < 16 || Math.max(first, final) < 4 * Math.min(first, final)) return null;
  const firstIsStill = first < final;
  const [still, moves] = firstIsStill ? [0, last] : [last, 0];
  return { firstIsStill, still: `register ${still + 1} of ${last + 1} moves least (${low[still]} to ${high[still]} against ${low[moves]} to ${high[moves]})` };
}
