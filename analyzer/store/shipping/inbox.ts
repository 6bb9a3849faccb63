/** Decisions that people took at a central console come back to the site that owns what they are about. */
import type { Decision } from '../../finding.ts';
import { decisionsWaiting } from '../elastic/decisions.ts';
import { readable, type Scope, type Source } from '../elastic/scope.ts';
import { entryOf } from '../entry.ts';
import type { Database } from '../sqlite/database.ts';
import { isShipped, type Parcel, parcelsOf } from '../sqlite/outbox.ts';
import { Lane } from './lane.ts';

/** ms for telling once more what is here. */
const PATIENCE = 10_000;

/** Decisions that were complained of: those beyond are left without a word. */
const MAX_TOLD = 1000;

/** The decision, or why it is none: anybody who may write to the cluster can have made it. */
function decisionOf(source: Source): { decision: Decision } | { wrong: string } {
  const read = entryOf({ kind: 'decision', value: readable(source) });
  if ('wrong' in read) return read;
  const decision = read.entry.value as Decision;
  if (decision.id !== source['stillwatch.id']) return { wrong: 'has another id inside' };
  return decision.kind === 'tags' ? { wrong: 'is about tag lists, which are brought in at the site itself' } : { decision };
}

export class Inbox {
  private readonly db: Database;
  private readonly scope: Scope;
  private readonly log: (line: string) => void;
  private readonly told = new Set<string>();

  constructor(db: Database, scope: Scope, log: (line: string) => void) {
    this.db = db;
    this.scope = scope;
    this.log = log;
  }

  /** Those that wait for this site and are not here yet. What is here already is told by shipping it, once more if need be. */
  async arrived(): Promise<Decision[]> {
    const decisions: Decision[] = [];
    const shipped: Parcel[] = [];
    for (const source of await decisionsWaiting(this.scope)) {
      const read = decisionOf(source);
      if ('wrong' in read) {
        this.tell(String(source['stillwatch.id']), read.wrong);
        continue;
      }
      const [here] = parcelsOf(this.db, 'decisions', [read.decision.id]);
      if (here === undefined) decisions.push(read.decision);
      else if (isShipped(this.db, 'decisions', here.seq)) shipped.push(here);
    }
    if (shipped.length > 0) await new Lane('decisions', this.db, this.scope).again(shipped, AbortSignal.timeout(PATIENCE));
    return decisions;
  }

  /** It stays there: a later Stillwatch may know what it means. */
  private tell(id: string, wrong: string): void {
    if (this.told.has(id) || this.told.size >= MAX_TOLD) return;
    this.told.add(id);
    this.log(`a decision that waits in Elasticsearch for this site is left there (${id.slice(0, 64)}): it ${wrong}`);
  }
}
