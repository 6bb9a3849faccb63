/** Findings, facts and assets with what people made of them: folded when they are stored, and again after every decision. */
import type { Fact } from '../../fact.ts';
import type { Decision } from '../../finding.ts';
import type { StoreError } from '../store.ts';
import { assetDocument, wireOf } from './assets.ts';
import { replaceAll } from './bulk.ts';
import { decisionsAbout } from './decisions.ts';
import { explain } from './errors.ts';
import { stateFields } from './facts.ts';
import { lifeFields } from './findings.ts';
import type { Kind } from './kinds.ts';
import { getAll, type Hit, parsed, type Scope, type Source, type Subject } from './scope.ts';

const PLACE: { [kind in Subject['kind']]: Kind } = { finding: 'findings', fact: 'facts', asset: 'assets' };

/** What people may have decided on, of a kind of document. */
export const subjectOf = (kind: Kind): Subject['kind'] | undefined => (Object.keys(PLACE) as Subject['kind'][]).find((subject) => PLACE[subject] === kind);

/** How often it is tried again when others change the same document. */
const TRIES = 8;

const refolded: { [kind in Subject['kind']]: (scope: Scope, source: Source, decisions: Decision[]) => Source } = {
  finding: (_scope, source, decisions) => ({ ...source, ...lifeFields(decisions) }),
  fact: (_scope, source, decisions) => ({ ...source, ...stateFields(parsed<Fact>(source), decisions) }),
  asset: (scope, source, decisions) => {
    const by = { ...scope, observer: String(source['observer.name'] ?? ''), organization: String(source['organization.name'] ?? '') };
    return assetDocument(by, wireOf(source), decisions, Number(source['stillwatch.sequence'])).source;
  },
};

const busy = ({ kind, id }: Subject): StoreError => explain(new Error(`has ${kind} ${id} changed by others all the time: try again`));

/** Folds what was decided into what it is about; nothing when that has not arrived yet. */
export const refold = (scope: Scope, { kind, id }: Subject): Promise<void> => refoldAll(scope, kind, [id], true);

/** Subjects folded by one request. */
const AT_ONCE = 500;

/** The same of many of a kind. `refresh`: whether it can be found when this returns. */
export async function refoldAll(scope: Scope, kind: Subject['kind'], ids: readonly string[], refresh: boolean): Promise<void> {
  for (let from = 0; from < ids.length; from += AT_ONCE) {
    let left = ids.slice(from, from + AT_ONCE);
    for (let n = 0; left.length > 0; n++) {
      if (n >= TRIES) throw busy({ kind, id: left[0] as string });
      left = await refoldSome(scope, kind, left, refresh);
    }
  }
}

/** Returns those that somebody else changed meanwhile. */
async function refoldSome(scope: Scope, kind: Subject['kind'], ids: readonly string[], refresh: boolean): Promise<string[]> {
  const heads = await getAll(scope, PLACE[kind], ids);
  if (heads.length === 0) return [];
  const decided = await decisionsAbout(scope, kind, ids);
  const idOf = ({ _source }: Hit): string => String(_source['stillwatch.id']);
  const folded = heads.map((head) => ({ head, source: refolded[kind](scope, head._source, decided.get(idOf(head)) ?? []) }));
  const replaced = await replaceAll(scope, PLACE[kind], folded, refresh);
  return heads.filter((_, n) => replaced[n] === false).map(idOf);
}

/** Decisions by kind of subject and its id. */
export type Decided = { [kind in Subject['kind']]: Map<string, Decision[]> };

export async function decidedOn(scope: Scope, ids: { [kind in Subject['kind']]: readonly string[] }): Promise<Decided> {
  const [finding, fact, asset] = await Promise.all((['finding', 'fact', 'asset'] as const).map((kind) => decisionsAbout(scope, kind, ids[kind])));
  return { finding: finding as Map<string, Decision[]>, fact: fact as Map<string, Decision[]>, asset: asset as Map<string, Decision[]> };
}

/** Of what was stored just now: whoever was decided on meanwhile is folded again. */
export async function catchUp(scope: Scope, ids: { [kind in Subject['kind']]: readonly string[] }, before: Decided, refresh: boolean): Promise<void> {
  const now = await decidedOn(scope, ids);
  for (const kind of ['finding', 'fact', 'asset'] as const) {
    const changed = [...now[kind]].filter(([id, decisions]) => decisions.length !== (before[kind].get(id)?.length ?? 0));
    await refoldAll(
      scope,
      kind,
      changed.map(([id]) => id),
      refresh,
    );
  }
}
