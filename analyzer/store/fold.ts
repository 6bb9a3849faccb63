/** What people decided, folded into what the wire said: pure, the same for every backend. Decisions come oldest first, see `inOrder`. */
import { type Asset, ATTRIBUTES, type Attribute, type AttributeName, best, editedBy, isEdit } from '../asset.ts';
import type { Fact } from '../fact.ts';
import { type Decision, decidedStatus, type FindingView, knew, type Suppression } from '../finding.ts';
import { micros } from './order.ts';
import { type AuditLine, StoreError } from './store.ts';

/** What was decided knowing another comes after it; of those that did not know of each other the earlier by their clocks, then any fixed order. */
export const inOrder = (decisions: Decision[]): Decision[] =>
  decisions.sort((a, b) => (a.after ?? 0) - (b.after ?? 0) || micros(a['@timestamp']) - micros(b['@timestamp']));

/** Refuses a decision whose maker did not know of all the others. */
export function refuseOvertaken(decision: Decision, decisions: readonly Decision[], known: readonly string[]): void {
  const theirs = new Set(knew(known, decisions));
  const other = decisions.findLast((one) => one.kind !== 'comment' && !theirs.has(one));
  if (other === undefined || decision.kind === 'comment') return;
  throw new StoreError('conflict', `Meanwhile ${other.by} decided on this (${other.kind}). Look at it again before you decide.`);
}

export type Life = Pick<FindingView, 'status' | 'resolution' | 'decided_by' | 'assignee' | 'suppressed'>;

/** Where a finding stands, who brought it there last, and whose it is. */
export function foldFinding(decisions: Decision[]): Life {
  const life: Life = { status: 'new', resolution: null, decided_by: null, assignee: null, suppressed: null };
  for (const decision of decisions) {
    if (decision.kind === 'assign') life.assignee = decision.edit?.['assignee']?.toWellFormed() || null;
    if (decision.kind === 'suppress') life.suppressed = suppression(decision);
    // What is closed opens anew.
    if (decision.kind === 'close') life.suppressed = null;
    const status = decidedStatus(life.status, decision.kind);
    if (status === life.status && decision.kind !== 'close') continue;
    life.status = status;
    life.resolution = status === 'closed' ? decision.resolution : null;
    life.decided_by = decision.by;
  }
  return life;
}

/** The last moment of the last year that has four digits. */
const LATEST = Date.UTC(10_000, 0) - 1;

function suppression({ edit, by, comment }: Decision): Suppression | null {
  const until = Date.parse(edit?.['until'] ?? '');
  return until > 0 ? { until: new Date(Math.min(until, LATEST)).toISOString(), by, reason: comment } : null;
}

/** The last approval or retirement counts; without one the fact says itself. */
export function foldFact(fact: Fact, decisions: Decision[]): Pick<Fact, 'state' | 'by'> {
  const last = decisions.findLast((decision) => decision.kind === 'approve' || decision.kind === 'retire');
  if (last === undefined) return { state: fact.state, by: fact.by };
  return { state: last.kind === 'approve' ? 'approved' : 'retired', by: last.by };
}

/** What a decision that arrived comes to beside all others on the same, of which some may come after it; null when it changes nothing. */
export function inEffect(decision: Decision, decisions: Decision[]): Decision | null {
  const { on, kind } = decision;
  if (on.kind === 'fact') return decisions.findLast((one) => one.kind === 'approve' || one.kind === 'retire') ?? null;
  return on.kind === 'finding' && kind === 'close' && foldFinding(decisions).status !== 'closed' ? null : decision;
}

const isAttribute = (name: string): name is AttributeName => (ATTRIBUTES as readonly string[]).includes(name);

/** The asset with people's edits after what the wire showed. An edit to '' takes the edit back. */
export function foldAsset(asset: Asset, decisions: Decision[]): Asset {
  if (!decisions.some((decision) => decision.kind === 'edit')) return asset;
  const edits = new Map<AttributeName, Attribute>();
  for (const decision of decisions) {
    if (decision.kind !== 'edit') continue;
    for (const [name, value] of Object.entries(decision.edit ?? {})) {
      if (!isAttribute(name)) continue;
      const first_seen = edits.get(name)?.first_seen ?? decision['@timestamp'];
      edits.delete(name);
      if (value !== '')
        edits.set(name, { name, value, source: editedBy(decision.by), confidence: 5, frames: [], first_seen, last_seen: decision['@timestamp'] });
    }
  }
  return { ...asset, attributes: [...asset.attributes.filter((attribute) => !isEdit(attribute)), ...edits.values()] };
}

/** What an asset is filtered and counted by: the edit where there is one, one vendor, else every value. */
export function choices(asset: Asset, name: 'role' | 'protocol' | 'vendor'): string[] {
  const values = asset.attributes.filter((attribute) => attribute.name === name);
  if (values.length === 0) return [];
  if (name === 'vendor' || values.some(isEdit)) return [best(asset, name)];
  return [...new Set(values.map((attribute) => attribute.value))];
}

/** A decision as a line of the trail. */
export function decisionLine(decision: Decision): AuditLine {
  const edit = decision.edit === null ? '' : JSON.stringify(decision.edit);
  const detail = [decision.resolution, decision.comment, edit].filter(Boolean).join(': ');
  return { '@timestamp': decision['@timestamp'], by: decision.by, action: decision.kind, on: `${decision.on.kind} ${decision.on.id}`, detail };
}
