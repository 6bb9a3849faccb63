/**
 * Sigma wildcards: `*` any characters, `?` one; `\*` and `\?` are the characters themselves, `\\*` is a backslash before a
 * wildcard, any other backslash is plain (Sigma specification 2.1, "Wildcard" and "Escaping").
 */

const MANY = 0;
const ONE = 1;
type Token = string | typeof MANY | typeof ONE;

export type Pattern = { readonly tokens: readonly Token[]; readonly plain: string | null };

/** `plain` is the text when there is no wildcard in it. */
export function parsePattern(text: string): Pattern {
  const tokens: Token[] = [];
  for (let i = 0; i < text.length; i++) {
    const c = text[i] as string;
    const next = text[i + 1];
    if (c === '*') tokens.push(MANY);
    else if (c === '?') tokens.push(ONE);
    else if (c === '\\' && (next === '*' || next === '?' || (next === '\\' && (text[i + 2] === '*' || text[i + 2] === '?' || text[i + 2] === '\\')))) {
      tokens.push(next);
      i++;
    } else tokens.push(c);
  }
  return { tokens, plain: tokens.every((token) => typeof token === 'string') ? tokens.join('') : null };
}

/** The pattern with `*` before or behind it. */
export function widened(pattern: Pattern, before: boolean, after: boolean): Pattern {
  if (!before && !after) return pattern;
  return { tokens: [...(before ? [MANY] : []), ...pattern.tokens, ...(after ? [MANY] : [])] as Token[], plain: null };
}

/** Compiles to a test of the whole text. Never worse than text length times pattern length. */
export function matcher(pattern: Pattern, cased: boolean): (text: string) => boolean {
  const prepare = cased ? (text: string) => text : (text: string) => text.toLowerCase();
  const tokens = pattern.tokens
    .map((token) => (typeof token === 'string' ? prepare(token) : token))
    .filter((token, i, list) => token !== MANY || list[i - 1] !== MANY);
  if (pattern.plain !== null) {
    const plain = prepare(pattern.plain);
    return (text) => prepare(text) === plain;
  }
  return (text) => globbed(prepare(text), tokens);
}

/** Two cursors and the last `*` to fall back to: greedy, no recursion. */
function globbed(text: string, tokens: readonly Token[]): boolean {
  let [at, token, star, resume] = [0, 0, -1, 0];
  while (at < text.length) {
    const wanted = tokens[token];
    if (wanted === MANY) {
      star = token++;
      resume = at;
    } else if (wanted !== undefined && (wanted === ONE || wanted === text[at])) {
      at++;
      token++;
    } else if (star >= 0) {
      token = star + 1;
      at = ++resume;
    } else return false;
  }
  while (tokens[token] === MANY) token++;
  return token === tokens.length;
}
