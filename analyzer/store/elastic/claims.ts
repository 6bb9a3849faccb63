/**
 * Who decided last on each finding, fact and asset: claimed before the decision is written down, in a document of its own, which the wire never
 * touches. Its version settles who of two comes first.
 */
import type { Decision } from '../../finding.ts';
import { inOrder, refuseOvertaken } from '../fold.ts';
import { contentOf } from './checked.ts';
import { decisionsOn } from './decisions.ts';
import { explain, statusOf } from './errors.ts';
import { placeOf } from './kinds.ts';
import { documentOf, get, type Hit, nextSequence, type Scope, type Subject } from './scope.ts';

/** How often it is tried again when others decide on the same. */
const TRIES = 8;

const idOf = ({ kind, id }: Subject): string => `${kind}/${id}`;

/** False when somebody else claimed since `head` was read. */
async function replace(scope: Scope, head: Hit | null, decision: Decision): Promise<boolean> {
  const said = JSON.stringify(decision);
  const { id, source } = documentOf(scope, 'claims', idOf(decision.on), decision['@timestamp'], {}, said, nextSequence());
  const version = head === null ? { op_type: 'create' as const } : { if_seq_no: head._seq_no as number, if_primary_term: head._primary_term as number };
  try {
    await scope.client.index({ index: placeOf(scope.prefix, 'claims'), id, document: source, require_alias: true, ...version });
    return true;
  } catch (error) {
    if (statusOf(error) === 409) return false;
    throw explain(error);
  }
}

/** The decision that was claimed; null when that is none: anybody who may write to the cluster can have made it. */
function claimed(head: Hit | null, on: Subject): Decision | null {
  const decision = head === null ? null : contentOf('decision', head._source);
  return decision?.on.kind === on.kind && decision.on.id === on.id ? decision : null;
}

/** Decisions on a subject, with the last that was claimed, which may not be written down yet: its maker is about to, or died. */
async function decisionsWith(scope: Scope, on: Subject, last: Decision | null, write: (decision: Decision) => Promise<void>): Promise<Decision[]> {
  const decisions = await decisionsOn(scope, on);
  if (last === null || decisions.some(({ id }) => id === last.id)) return decisions;
  await write(last);
  return inOrder([...decisions, last]);
}

/** To be called before a decision is written down (`write`). Throws a StoreError (`conflict`) when somebody decided of whom its maker did not know (`known`). */
export async function claim(scope: Scope, decision: Decision, known: readonly string[], write: (decision: Decision) => Promise<void>): Promise<void> {
  const { on } = decision;
  for (let n = 0; n < TRIES; n++) {
    const head = await get(scope, 'claims', idOf(on));
    const last = claimed(head, on);
    // Sent again, since nobody knew how it ended.
    if (last?.id === decision.id) return;
    refuseOvertaken(decision, await decisionsWith(scope, on, last, write), known);
    if (await replace(scope, head, decision)) return;
  }
  throw explain(new Error(`has others deciding on ${on.kind} ${on.id} all the time: try again`));
}
