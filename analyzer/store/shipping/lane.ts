/** Ships one kind: one request under way at a time, in order, until each document is there or refused for good. */
import { setImmediate } from 'node:timers/promises';
import { errors } from '@elastic/elasticsearch';
import type { Decision } from '../../finding.ts';
import { linesOf, type Outcome, portions, send } from '../elastic/bulk.ts';
import { explain } from '../elastic/errors.ts';
import { catchUp, decidedOn, refoldAll, subjectOf } from '../elastic/heads.ts';
import { isStream, type Kind, placeOf } from '../elastic/kinds.ts';
import { missing } from '../elastic/observations.ts';
import { documentsOfParcel } from '../elastic/parcels.ts';
import type { Place, Scope, Subject } from '../elastic/scope.ts';
import type { Database } from '../sqlite/database.ts';
import type { DeadLetter } from '../sqlite/letters.ts';
import { nextParcels, type Parcel, settle } from '../sqlite/outbox.ts';

/** Documents of one request; fewer when they are large. */
export const MAX_DOCUMENTS = 1000;

/** A document that is under way: of which parcel it is, where it goes, and its lines. */
type Load = { of: string; place: Place; lines: [string, string] };

/** What one step ships. `loads` of what people may decide on are made when it goes. */
type Cargo = {
  parcels: Parcel[];
  /** Those that are not gone since they were queued. */
  there: Parcel[];
  ids: { [kind in Subject['kind']]: readonly string[] };
  loads: Load[];
  dead: DeadLetter[];
};

export type Shipped = { documents: number; refused: number; more: boolean };

/** Some documents must wait: the rest of their load is there. */
export class Waiting extends Error {
  readonly asked: string | undefined;

  constructor(message: string, asked?: string) {
    super(message);
    this.name = 'Waiting';
    this.asked = asked;
  }
}

const askedBy = (error: unknown): string | undefined =>
  error instanceof errors.ResponseError ? (error.meta.headers?.['retry-after'] as string | undefined) : undefined;

export class Lane {
  readonly kind: Kind;
  private readonly db: Database;
  private readonly scope: Scope;
  /** Nobody knows whether the last request came through: as at the start, when the process before may have died. */
  private uncertain = true;
  /** Made already, for the next step. */
  private ahead: Cargo | null = null;

  constructor(kind: Kind, db: Database, scope: Scope) {
    this.kind = kind;
    this.db = db;
    this.scope = scope;
  }

  /** Ships what is next. Throws Waiting when it must be tried again, having lost nothing. */
  async step(signal: AbortSignal): Promise<Shipped> {
    const cargo = this.ahead ?? this.prepare(0);
    this.ahead = null;
    const { parcels } = cargo;
    if (parcels.length === 0) return { documents: 0, refused: 0, more: false };
    try {
      const [refused, next] = await Promise.all([this.ship(cargo, signal), this.lookAhead(parcels)]);
      settle(this.db, this.kind, parcels, refused);
      // Only now: what failed comes first again.
      this.ahead = next;
      return { documents: parcels.length, refused: refused.length, more: true };
    } catch (error) {
      // Of a load that must wait some may be there.
      this.uncertain = true;
      if (error instanceof Waiting) throw error;
      throw new Waiting(explain(error).message, askedBy(error));
    }
  }

  /** Makes the next documents while the last ones are under way, where nothing can change them any more. */
  private async lookAhead(parcels: readonly Parcel[]): Promise<Cargo | null> {
    if (!isStream(this.kind)) return null;
    await setImmediate();
    return this.prepare((parcels.at(-1) as Parcel).seq);
  }

  /** Ships these of what is written once out of turn. Returns what is refused again. */
  again(parcels: Parcel[], signal: AbortSignal): Promise<DeadLetter[]> {
    return this.ship(this.cargo(parcels), signal);
  }

  /** The next parcels behind `after`. One tag list may be as large as a thousand of anything else. */
  private prepare(after: number): Cargo {
    return this.cargo(nextParcels(this.db, this.kind, this.kind === 'taglists' ? 1 : MAX_DOCUMENTS, after));
  }

  private cargo(parcels: Parcel[]): Cargo {
    const there = parcels.filter(({ json }) => json !== '');
    const subject = subjectOf(this.kind);
    const ids = { finding: [], fact: [], asset: [], ...(subject === undefined ? {} : { [subject]: there.map(({ id }) => id) }) };
    const cargo: Cargo = { parcels, there, ids, loads: [], dead: [] };
    if (subject === undefined) cargo.loads = there.flatMap((parcel) => this.load(parcel, [], cargo.dead));
    return cargo;
  }

  private async ship({ there, ids, loads, dead }: Cargo, signal: AbortSignal): Promise<DeadLetter[]> {
    const subject = subjectOf(this.kind);
    if (subject === undefined) {
      await this.send(await this.missing(loads), dead, signal);
      if (this.kind === 'decisions') await this.fold(there);
      return dead;
    }
    const decided = await decidedOn(this.scope, ids);
    const made = there.flatMap((parcel) => this.load(parcel, decided[subject].get(parcel.id) ?? [], dead));
    await this.send(made, dead, signal);
    await catchUp(this.scope, ids, decided, false);
    return dead;
  }

  /** What cannot be made a document is refused by ourselves: it must not stand in the way. */
  private load(parcel: Parcel, decided: Decision[], dead: DeadLetter[]): Load[] {
    try {
      const documents = documentsOfParcel(this.scope, this.kind, parcel, decided);
      return documents.map((document) => ({ of: parcel.id, place: { kind: document.kind, id: document.id }, lines: linesOf(this.scope, document) }));
    } catch (error) {
      dead.push({ kind: this.kind, id: parcel.id, reason: (error as Error).message });
      return [];
    }
  }

  /** Those of a stream that are not there yet: after a rollover it would take them again. */
  private async missing(loads: Load[]): Promise<Load[]> {
    if (!this.uncertain || !isStream(this.kind) || loads.length === 0) return loads;
    await this.scope.client.indices.refresh({ index: placeOf(this.scope.prefix, this.kind) }, { ignore: [404] });
    const left = new Set(
      await missing(
        this.scope,
        loads.map(({ place }) => place),
      ),
    );
    return loads.filter(({ place }) => left.has(place));
  }

  private async send(loads: readonly Load[], dead: DeadLetter[], signal: AbortSignal): Promise<void> {
    if (loads.length === 0) return;
    const outcomes: Outcome[] = [];
    for (const portion of portions(loads.map(({ lines }) => lines))) outcomes.push(...(await send(this.scope, portion, false, signal)));
    this.uncertain = false;
    const waits: Outcome[] = [];
    for (const [n, outcome] of outcomes.entries()) {
      if (outcome.state === 'refused') dead.push({ kind: this.kind, id: (loads[n] as Load).of, reason: outcome.reason });
      if (outcome.state === 'wait') waits.push(outcome);
    }
    if (waits.length > 0) throw new Waiting(`Elasticsearch does not take ${this.kind} now (${waits[0]?.reason})`);
  }

  /** Decisions that came through count for what they are about. */
  private async fold(parcels: readonly Parcel[]): Promise<void> {
    const decisions = parcels.map(({ json }) => JSON.parse(json) as Decision);
    await this.scope.client.indices.refresh({ index: placeOf(this.scope.prefix, 'decisions') });
    for (const [kind, some] of Map.groupBy(decisions, ({ on }) => on.kind)) await refoldAll(this.scope, kind, [...new Set(some.map(({ on }) => on.id))], false);
  }
}
