/** Ships one kind: one request under way at a time, in order, until each document is there or refused for good. */
import { setImmediate } from 'node:timers/promises';
import { errors } from '@elastic/elasticsearch';
import type { Decision } from '../../finding.ts';
import { type Outcome, send } from '../elastic/bulk.ts';
import { explain } from '../elastic/errors.ts';
import { catchUp, decidedOn, refoldAll, subjectOf } from '../elastic/heads.ts';
import { isStream, type Kind, placeOf } from '../elastic/kinds.ts';
import { missing } from '../elastic/observations.ts';
import type { Scope, Subject } from '../elastic/scope.ts';
import type { Database } from '../sqlite/database.ts';
import type { DeadLetter } from '../sqlite/letters.ts';
import { nextParcels, type Parcel, settle } from '../sqlite/outbox.ts';
import { type Cargo, type Load, make, packAll } from './cargo.ts';

/** Documents of one request; fewer when they are large. */
export const MAX_DOCUMENTS = 1000;

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
    const cargo = this.ahead ?? (await this.prepare(0));
    this.ahead = null;
    const { parcels } = cargo;
    if (parcels.length === 0) return { documents: 0, refused: 0, more: false };
    try {
      // What cannot be read ahead says so at its turn: nothing ends before the request under way has.
      const [refused, next] = await Promise.all([this.ship(cargo, signal), this.lookAhead(parcels).catch(() => null)]);
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

  /** Makes the next requests while the last ones are under way, where nothing can change them any more. */
  private async lookAhead(parcels: readonly Parcel[]): Promise<Cargo | null> {
    if (!isStream(this.kind)) return null;
    await setImmediate();
    const cargo = await this.prepare((parcels.at(-1) as Parcel).seq);
    return { ...cargo, packed: await packAll(cargo.loads) };
  }

  /** Ships these of what is written once out of turn. Returns what is refused again. */
  async again(parcels: Parcel[], signal: AbortSignal): Promise<DeadLetter[]> {
    return this.ship(await this.cargo(parcels), signal);
  }

  /** The next parcels behind `after`. One tag list may be as large as a thousand of anything else. */
  private prepare(after: number): Promise<Cargo> {
    return this.cargo(nextParcels(this.db, this.kind, this.kind === 'taglists' ? 1 : MAX_DOCUMENTS, after));
  }

  /** Of what people may decide on documents are made when it goes. */
  private async cargo(parcels: Parcel[]): Promise<Cargo> {
    const made = subjectOf(this.kind) === undefined ? await make(this.scope, this.kind, parcels) : { loads: [], dead: [] };
    return { parcels, ...made, packed: null };
  }

  private async ship(cargo: Cargo, signal: AbortSignal): Promise<DeadLetter[]> {
    const subject = subjectOf(this.kind);
    if (subject !== undefined) return this.shipSubjects(subject, cargo.parcels, signal);
    const dead = [...cargo.dead, ...(await this.send(cargo, signal))];
    if (this.kind === 'decisions') await this.fold(cargo.parcels);
    return dead;
  }

  /** With what was decided on them; few are, so all are made while that is asked for, and those once more. */
  private async shipSubjects(subject: Subject['kind'], parcels: readonly Parcel[], signal: AbortSignal): Promise<DeadLetter[]> {
    const there = parcels.filter(({ json }) => json !== '');
    const ids = { finding: [], fact: [], asset: [], [subject]: there.map(({ id }) => id) };
    const [decided, plain] = await Promise.all([decidedOn(this.scope, ids), make(this.scope, this.kind, there)]);
    const theirs = decided[subject];
    const again = await make(
      this.scope,
      this.kind,
      there.filter(({ id }) => theirs.has(id)),
      theirs,
    );
    const loads = [...plain.loads.filter(({ of }) => !theirs.has(of)), ...again.loads];
    const refused = await this.send({ loads, packed: null }, signal);
    await catchUp(this.scope, ids, decided, false);
    return [...plain.dead.filter(({ id }) => !theirs.has(id)), ...again.dead, ...refused];
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

  /** Returns what is refused. */
  private async send(cargo: Pick<Cargo, 'loads' | 'packed'>, signal: AbortSignal): Promise<DeadLetter[]> {
    const loads = await this.missing(cargo.loads);
    if (loads.length === 0) return [];
    const requests = (loads === cargo.loads ? cargo.packed : null) ?? (await packAll(loads));
    const outcomes: Outcome[] = [];
    for (const request of requests) outcomes.push(...(await send(this.scope, request, false, signal)));
    this.uncertain = false;
    const waits = outcomes.find(({ state }) => state === 'wait');
    if (waits !== undefined) throw new Waiting(`Elasticsearch does not take ${this.kind} now (${waits.reason})`);
    return outcomes.flatMap(({ state, reason }, n) => (state === 'refused' ? [{ kind: this.kind, id: (loads[n] as Load).of, reason }] : []));
  }

  /** Decisions that came through count for what they are about. */
  private async fold(parcels: readonly Parcel[]): Promise<void> {
    const decisions = parcels.map(({ json }) => JSON.parse(json) as Decision);
    await this.scope.client.indices.refresh({ index: placeOf(this.scope.prefix, 'decisions') });
    for (const [kind, some] of Map.groupBy(decisions, ({ on }) => on.kind)) await refoldAll(this.scope, kind, [...new Set(some.map(({ on }) => on.id))], false);
  }
}
