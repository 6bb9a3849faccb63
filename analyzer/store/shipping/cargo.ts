/** What one step of a lane ships: what is queued, and the documents that come of it. */
import { setImmediate } from 'node:timers/promises';
import type { Decision } from '../../finding.ts';
import { linesOf, type Packed, pack, portions } from '../elastic/bulk.ts';
import type { Kind } from '../elastic/kinds.ts';
import { documentsOfParcel } from '../elastic/parcels.ts';
import type { Place, Scope } from '../elastic/scope.ts';
import type { DeadLetter } from '../sqlite/letters.ts';
import type { Parcel } from '../sqlite/outbox.ts';

/** A document that is under way: of which parcel it is, where it goes, and its lines. */
export type Load = { of: string; place: Place; lines: [string, string] };

/** Documents, and what cannot be made one: we refuse that ourselves, since it must not stand in the way. */
export type Made = { loads: Load[]; dead: DeadLetter[] };

export type Cargo = Made & {
  parcels: Parcel[];
  /** Requests of all loads, where they were made ahead. */
  packed: Packed[] | null;
};

/** Parcels made documents before others get their turn. */
const AT_ONCE = 100;

const NOTHING: ReadonlyMap<string, Decision[]> = new Map();

/** Those that are not gone since they were queued, with what was decided on them. */
export async function make(scope: Scope, kind: Kind, parcels: readonly Parcel[], decided = NOTHING): Promise<Made> {
  const made: Made = { loads: [], dead: [] };
  for (const [n, parcel] of parcels.entries()) {
    if (n > 0 && n % AT_ONCE === 0) await setImmediate();
    if (parcel.json === '') continue;
    try {
      const documents = documentsOfParcel(scope, kind, parcel, decided.get(parcel.id) ?? []);
      made.loads.push(...documents.map((document) => ({ of: parcel.id, place: { kind: document.kind, id: document.id }, lines: linesOf(scope, document) })));
    } catch (error) {
      made.dead.push({ kind, id: parcel.id, reason: (error as Error).message });
    }
  }
  return made;
}

/** Requests of bounded size. */
export async function packAll(loads: readonly Load[]): Promise<Packed[]> {
  const packed: Packed[] = [];
  for (const portion of portions(loads.map(({ lines }) => lines))) packed.push(await pack(portion));
  return packed;
}
