/** Deciding on many facts of one page at a time. */
import type { FactState } from '../analyzer/fact.ts';
import type { Decision } from '../analyzer/finding.ts';
import { knownOf } from '../analyzer/finding.ts';
import { StoreError } from '../analyzer/store/store.ts';
import type { Console } from './console.ts';

/** Facts decided on at a time: each takes a cluster several answers. */
const AT_ONCE = 8;

/** How a fact stood on a page, as its row says it. */
export const seenOf = ({ id, state, by }: { id: string; state: FactState; by: string }): string => [id, state, by].join(' ');

/** How the decisions on a fact leave it, '' without one. */
function standing(decisions: readonly Decision[]): string {
  const last = decisions.findLast(({ kind }) => kind === 'approve' || kind === 'retire');
  return last === undefined ? '' : `${last.kind === 'approve' ? 'approved' : 'retired'} ${last.by}`;
}

/** False when somebody else decided on it since the page was made, `seen` as its row said it; without that nobody can tell. */
async function decideOn(console: Console, decision: Decision, seen: string | undefined): Promise<boolean> {
  const decisions = await console.options.store.decisions(decision.on);
  if (decisions.some(({ id }) => id === decision.id)) return true;
  const now = standing(decisions);
  if (seen !== undefined && now !== '' && now !== seen.slice(decision.on.id.length + 1)) return false;
  try {
    await console.decide(decision, knownOf(decisions));
    return true;
  } catch (error) {
    if (error instanceof StoreError && error.kind === 'conflict') return false;
    throw error;
  }
}

/** Several at a time. `seen`: what rows of the page said, see `seenOf`. */
export async function decideAll(console: Console, decisions: readonly Decision[], seen: readonly string[]): Promise<{ done: number; late: number }> {
  const rows = new Map(seen.map((row) => [row.split(' ', 1)[0], row]));
  const left = decisions.values();
  const told = { done: 0, late: 0 };
  const work = async (): Promise<void> => {
    for (const decision of left) told[(await decideOn(console, decision, rows.get(decision.on.id))) ? 'done' : 'late']++;
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return told;
}
