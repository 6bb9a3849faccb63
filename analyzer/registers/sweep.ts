/** From accesses to ranges: a line sweeps over the addresses and a range ends where the set of readers or writers changes. */

/** All transactions of one client on one stretch of addresses, in one direction. */
export type Access = {
  client: string;
  writes: boolean;
  from: number;
  /** One past the last address. */
  to: number;
  count: number;
  /** ms; when the newest of them was seen. */
  last: number;
  /** By address from `from`, of the newest of them; NaN where unknown. Null when none is known. */
  values: ArrayLike<number> | null;
};

export type Stretch = { from: number; to: number; readers: string[]; writers: string[]; reads: number; writes: number };

/** Clients of one direction that cover the sweep's address, with how many of their accesses do. */
type Parties = { covering: Map<string, number>; count: number };

type Sweep = { read: Parties; write: Parties; changed: boolean };

const start = (sweep: Sweep, access: Access): void => {
  const parties = access.writes ? sweep.write : sweep.read;
  const before = parties.covering.get(access.client) ?? 0;
  parties.covering.set(access.client, before + 1);
  parties.count += access.count;
  if (before === 0) sweep.changed = true;
};

const stop = (sweep: Sweep, access: Access): void => {
  const parties = access.writes ? sweep.write : sweep.read;
  const left = (parties.covering.get(access.client) as number) - 1;
  parties.count -= access.count;
  if (left > 0) parties.covering.set(access.client, left);
  else if (parties.covering.delete(access.client)) sweep.changed = true;
};

const names = (parties: Parties): string[] => [...parties.covering.keys()].sort();

/** Stretches by address. Neighbours of which the same clients read and write are one, however many accesses it takes. */
export function sweep(accesses: readonly Access[]): Stretch[] {
  const starts = [...accesses].sort((a, b) => a.from - b.from);
  const stops = [...accesses].sort((a, b) => a.to - b.to);
  const state: Sweep = { read: { covering: new Map(), count: 0 }, write: { covering: new Map(), count: 0 }, changed: false };
  const stretches: Stretch[] = [];
  let open: Stretch | null = null;
  let [s, e] = [0, 0];
  while (e < stops.length) {
    const at = Math.min(starts[s]?.from ?? Number.POSITIVE_INFINITY, (stops[e] as Access).to);
    state.changed = false;
    const begun = s;
    // Who begins comes before who ends: a client that goes on with another access never was away.
    while (s < starts.length && (starts[s] as Access).from === at) start(state, starts[s++] as Access);
    while (e < stops.length && (stops[e] as Access).to === at) stop(state, stops[e++] as Access);
    if (state.changed) {
      if (open !== null) open.to = at;
      open = opened(state, at);
      if (open !== null) stretches.push(open);
    } else if (open !== null) {
      for (const { writes, count } of starts.slice(begun, s)) open[writes ? 'writes' : 'reads'] += count;
    }
  }
  return stretches;
}

function opened({ read, write }: Sweep, at: number): Stretch | null {
  if (read.covering.size + write.covering.size === 0) return null;
  return { from: at, to: at, readers: names(read), writers: names(write), reads: read.count, writes: write.count };
}
