/** What people decided: documents of their own, folded into what they are about. */
import type { Decision } from '../../finding.ts';
import { inOrder } from '../fold.ts';
import { micros } from '../order.ts';
import { contentOf } from './checked.ts';
import { type Document, documentOf, get, type Scope, type Source, type Subject, term, terms } from './scope.ts';
import { everything } from './search.ts';
import { exact } from './values.ts';

/** Subjects asked for at a time. */
const AT_ONCE = 1000;

/** `applied`: it comes from the site that owns its subject, or has reached it. */
export function decisionDocument(scope: Scope, decision: Decision, sequence: number, applied = true): Document {
  const fields: Source = {
    'event.action': decision.kind,
    'user.name': exact(decision.by),
    'stillwatch.kind': decision.on.kind,
    'stillwatch.subject': exact(decision.on.id),
    'stillwatch.at': micros(decision['@timestamp']),
    'stillwatch.applied': applied,
  };
  return documentOf(scope, 'decisions', decision.id, decision['@timestamp'], fields, JSON.stringify(decision), sequence);
}

const ORDER = ['at', 'sequence', 'key'].map((name) => ({ [`stillwatch.${name}`]: 'asc' }));

/** The oldest first. */
export async function decisionsOn(scope: Scope, { kind, id }: Subject): Promise<Decision[]> {
  return (await decisionsAbout(scope, kind, [id])).get(id) ?? [];
}

/** The same of many subjects: those without a decision are not in it. */
export async function decisionsAbout(scope: Scope, kind: Subject['kind'], ids: readonly string[]): Promise<Map<string, Decision[]>> {
  const found = new Map<string, Decision[]>();
  for (let from = 0; from < ids.length; from += AT_ONCE) {
    const filter = [term('stillwatch.kind', kind), terms('stillwatch.subject', ids.slice(from, from + AT_ONCE).map(exact))];
    for await (const hits of everything(scope, 'decisions', filter, ORDER)) {
      for (const { _source } of hits) {
        const decision = contentOf('decision', _source);
        if (decision === null || decision.on.kind !== kind || exact(decision.on.id) !== _source['stillwatch.subject']) continue;
        const list = found.get(decision.on.id) ?? [];
        list.push(decision);
        found.set(decision.on.id, list);
      }
    }
  }
  for (const decisions of found.values()) inOrder(decisions);
  return found;
}

/** Documents of decisions that the site has not taken yet, the oldest first; all of them, or those about subjects of one kind. */
export async function decisionsWaiting(
  scope: Scope,
  on?: { kind: Subject['kind']; ids: readonly string[] },
  fields: string[] | boolean = true,
): Promise<Source[]> {
  const about = on === undefined ? [] : [term('stillwatch.kind', on.kind), terms('stillwatch.subject', on.ids.map(exact))];
  const found: Source[] = [];
  for await (const hits of everything(scope, 'decisions', [term('stillwatch.applied', false), ...about], ORDER, fields)) {
    found.push(...hits.map(({ _source }) => _source));
  }
  return found;
}

export const isDecided = async (scope: Scope, { id }: Decision): Promise<boolean> => (await get(scope, 'decisions', id)) !== null;
