/**
 * Regular expressions of rules. JavaScript's engine backtracks, so what can explode is refused when the rule is loaded, and
 * only the first MAX_INPUT characters of a value are looked at.
 */
import { Fault, quoted } from './fault.ts';

const MAX_PATTERN = 256;
/** Characters of a value that a regular expression sees. */
export const MAX_INPUT = 256;
/** `*`, `+`, `{n,m}` in one expression: the work grows with this power of the input. */
const MAX_REPEATS = 3;
const MAX_OPTIONALS = 8;
const MAX_COUNT = 64;

/** Compiles `source` with flags out of `i`, `m`, `s`. Throws a Fault that says what is wrong with it. */
export function boundedRegex(source: string, flags: string, path: string): (text: string) => boolean {
  if (source.length > MAX_PATTERN) throw new Fault(path, `the regular expression is longer than ${MAX_PATTERN} characters`);
  let regex: RegExp;
  try {
    regex = new RegExp(source, flags);
  } catch (error) {
    throw new Fault(path, `${quoted(source)} is not a regular expression: ${reason(error)}`);
  }
  const danger = explosive(source);
  if (danger !== '') throw new Fault(path, `the regular expression ${quoted(source)} could take forever: ${danger}`);
  return (text) => regex.test(text.length > MAX_INPUT ? text.slice(0, MAX_INPUT) : text);
}

const reason = (error: unknown): string => (error instanceof Error ? (error.message.split(': ').pop() as string).toLowerCase() : 'unreadable');

type Group = { varies: boolean };

/** Why an expression may need more than polynomial time; '' when it does not. The expression is known to be well formed. */
function explosive(source: string): string {
  const groups: Group[] = [{ varies: false }];
  const counts = { repeats: 0, optionals: 0 };
  let closed: Group | null = null;
  for (let i = 0; i < source.length; ) {
    const token = next(source, i);
    i += token.length;
    const current = groups[groups.length - 1] as Group;
    if (/^\\[1-9k]/.test(token)) return 'it refers back to a group';
    if (/^\(\?(<?[=!])/.test(token)) return 'it looks ahead or behind';
    if (token[0] === '(') groups.push({ varies: false });
    else if (token === '|') current.varies = true;
    else if (isQuantifier(token)) {
      const danger = quantified(token, closed, counts);
      if (danger !== '') return danger;
      current.varies = true;
    }
    if (token === ')') {
      closed = groups.pop() as Group;
      const outer = groups[groups.length - 1] as Group;
      outer.varies ||= closed.varies;
    } else closed = null;
  }
  return '';
}

/** One escape, class, group opening, quantifier or character. */
function next(source: string, at: number): string {
  return /^(?:\\.|\[(?:\\.|[^\]\\])*\]|\(\?(?:<?[=!]|:|<\w+>)|[*+?]\??|\{\d+(?:,\d*)?\}\??|[\s\S])/.exec(source.slice(at))?.[0] ?? (source[at] as string);
}

const isQuantifier = (token: string): boolean => /^(?:[*+?]|\{\d)/.test(token);

function quantified(token: string, group: Group | null, counts: { repeats: number; optionals: number }): string {
  const bounds = /^\{(\d+)(?:(,)(\d*))?\}/.exec(token);
  if (bounds !== null && Math.max(Number(bounds[1]), Number(bounds[3] ?? 0)) > MAX_COUNT) return `it counts beyond ${MAX_COUNT}`;
  if (token[0] === '?') return ++counts.optionals > MAX_OPTIONALS ? `more than ${MAX_OPTIONALS} optional parts` : '';
  if (group?.varies) return 'a repeated group holds a repeat or alternatives';
  if (bounds !== null && bounds[2] === undefined) return '';
  return ++counts.repeats > MAX_REPEATS ? `more than ${MAX_REPEATS} repeats` : '';
}
