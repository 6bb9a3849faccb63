/** Sends once more what was refused, made anew from what is stored: the cause may be gone, or this Stillwatch may be a newer one. */
import { explain } from '../elastic/errors.ts';
import { type Kind, SHIPPED } from '../elastic/kinds.ts';
import type { Scope } from '../elastic/scope.ts';
import type { Database } from '../sqlite/database.ts';
import { bury, deadLetters, unbury } from '../sqlite/letters.ts';
import { isWrittenOnce, parcelsOf, queueRefused } from '../sqlite/outbox.ts';
import { StoreError } from '../store.ts';
import { Lane, Waiting } from './lane.ts';
import type { Replayed } from './state.ts';

/** Documents of a request; some are of megabytes. */
const AT_ONCE = 100;

/** Of what is written once. What retention has dropped since is forgotten. */
async function again(kind: Kind, db: Database, scope: Scope, signal: AbortSignal, replayed: Replayed): Promise<void> {
  const lane = new Lane(kind, db, scope);
  for (let after = 0; ; ) {
    const letters = deadLetters(db, kind, AT_ONCE, after);
    if (letters.length === 0) return;
    after = letters.at(-1)?.seq as number;
    const parcels = parcelsOf(
      db,
      kind,
      letters.map(({ id }) => id),
    );
    const refused = await lane.again(parcels, signal).catch((error: unknown) => {
      throw error instanceof Waiting ? new StoreError('storage', error.message) : explain(error);
    });
    const still = new Set(refused.map(({ id }) => id));
    db.transaction(() => {
      bury(db, kind, refused);
      unbury(
        db,
        kind,
        letters.map(({ id }) => id).filter((id) => !still.has(id)),
      );
    });
    replayed.taken += parcels.length - still.size;
    replayed.refused += still.size;
  }
}

/** Throws a StoreError when the cluster does not answer; what was not taken stays. */
export async function replay(db: Database, scope: Scope, signal: AbortSignal): Promise<Replayed> {
  const replayed: Replayed = { taken: 0, refused: 0, queued: 0 };
  for (const kind of SHIPPED) {
    if (isWrittenOnce(kind)) await again(kind, db, scope, signal, replayed);
    else replayed.queued += queueRefused(db, kind);
  }
  return replayed;
}
