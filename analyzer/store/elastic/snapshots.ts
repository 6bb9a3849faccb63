/** Points in time: who turns pages sees the list as it was on the second, whatever arrives meanwhile. */
import type { Client } from '@elastic/elasticsearch';
import { explain } from './errors.ts';

/** How long one is kept after a page was turned. */
export const KEEP_ALIVE = '2m';
/** Younger ones (ms) are shared: a list that is looked at again and again does not open one each time. */
const SHARED = 20_000;

export class Snapshots {
  private readonly client: Client;
  private readonly open = new Map<string, { id: string; at: number }>();

  constructor(client: Client) {
    this.client = client;
  }

  async of(place: string): Promise<string> {
    const known = this.open.get(place);
    if (known !== undefined && performance.now() - known.at < SHARED) return known.id;
    try {
      const { id } = await this.client.openPointInTime({ index: place, keep_alive: KEEP_ALIVE, ignore_unavailable: true });
      this.open.set(place, { id, at: performance.now() });
      return id;
    } catch (error) {
      throw explain(error);
    }
  }

  /** It is gone, as after a restart of the server. */
  forget(place: string): void {
    this.open.delete(place);
  }

  async close(): Promise<void> {
    const ids = [...this.open.values()].map(({ id }) => id);
    this.open.clear();
    // They end by themselves too.
    for (const id of ids) await this.client.closePointInTime({ id }).catch(() => undefined);
  }
}
