/**
 * Sigma conditions: `selection and not 1 of filter_*` (Sigma specification 2.1, "Condition").
 * `them` leaves out names that begin with an underscore.
 */
import { Fault, quoted, suggestion } from './fault.ts';
import { all, any, type Node } from './fold.ts';
import { matcher, parsePattern } from './wildcard.ts';

const MAX_LENGTH = 2000;
/** Parentheses and `not` inside one another. */
const MAX_DEPTH = 32;
const PATH = 'detection.condition';

type Parser = { readonly tokens: string[]; at: number; depth: number; readonly selections: ReadonlyMap<string, Node>; readonly used: Set<string> };

/** The tree of a condition over named selections. `used` collects the names it refers to. Throws a Fault. */
export function parseCondition(text: string, selections: ReadonlyMap<string, Node>, used: Set<string> = new Set()): Node {
  if (text.length > MAX_LENGTH) throw new Fault(PATH, `longer than ${MAX_LENGTH} characters`);
  if (text.includes('|')) throw new Fault(PATH, 'aggregations after "|" are not Sigma any more; write a correlation rule');
  const parser: Parser = { tokens: text.match(/[()]|[^\s()]+/g) ?? [], at: 0, depth: 0, selections, used };
  if (parser.tokens.length === 0) throw new Fault(PATH, 'is empty');
  const node = or(parser);
  if (parser.at < parser.tokens.length) throw new Fault(PATH, `${quoted(parser.tokens[parser.at])} is not expected there`);
  return node;
}

const peek = (p: Parser): string => (p.tokens[p.at] ?? '').toLowerCase();

function or(p: Parser): Node {
  const nodes = [and(p)];
  while (peek(p) === 'or') {
    p.at++;
    nodes.push(and(p));
  }
  return any(nodes);
}

function and(p: Parser): Node {
  const nodes = [not(p)];
  while (peek(p) === 'and') {
    p.at++;
    nodes.push(not(p));
  }
  return all(nodes);
}

function not(p: Parser): Node {
  if (++p.depth > MAX_DEPTH) throw new Fault(PATH, `nested deeper than ${MAX_DEPTH}`);
  const negated = peek(p) === 'not';
  if (negated) p.at++;
  const node: Node = negated ? { kind: 'not', node: not(p) } : primary(p);
  p.depth--;
  return node;
}

function primary(p: Parser): Node {
  const token = p.tokens[p.at++];
  if (token === undefined) throw new Fault(PATH, 'ends where a selection is expected');
  if (token === '(') {
    const node = or(p);
    if (p.tokens[p.at++] !== ')') throw new Fault(PATH, 'a closing parenthesis is missing');
    return node;
  }
  if (peek(p) === 'of') return quantified(p, token);
  const selection = p.selections.get(token);
  if (selection === undefined) throw new Fault(PATH, `unknown selection ${quoted(token)}${suggestion(token, p.selections.keys())}`);
  p.used.add(token);
  return selection;
}

/** `1 of sel*`, `all of them`, `2 of (not allowed) ...`; the token before `of` is `quantity`. */
function quantified(p: Parser, quantity: string): Node {
  p.at++;
  const pattern = p.tokens[p.at++];
  if (pattern === undefined) throw new Fault(PATH, '"of" needs "them" or a name with "*"');
  const names = [...p.selections.keys()].filter((name) => covers(pattern, name));
  if (names.length === 0) throw new Fault(PATH, `no selection is called ${quoted(pattern)}${suggestion(pattern, p.selections.keys())}`);
  for (const name of names) p.used.add(name);
  const nodes = names.map((name) => p.selections.get(name) as Node);
  if (quantity.toLowerCase() === 'all') return all(nodes);
  const least = quantity.toLowerCase() === 'any' ? 1 : Number(quantity);
  if (!Number.isInteger(least) || least < 1) throw new Fault(PATH, `${quoted(quantity)} of: expected a number from 1, or "all"`);
  if (least > nodes.length) throw new Fault(PATH, `${least} of ${pattern} can never hold: there ${nodes.length === 1 ? 'is' : 'are'} only ${nodes.length}`);
  return least === nodes.length ? all(nodes) : { kind: 'some', least, nodes };
}

function covers(pattern: string, name: string): boolean {
  if (pattern.toLowerCase() === 'them') return !name.startsWith('_');
  return matcher(parsePattern(pattern), true)(name);
}
