/** Points in time: who turns pages sees the list as it was on the first, whatever arrives meanwhile. */
import type { Client } from '@elastic/elasticsearch';
import { explain, statusOf } from './errors.ts';

/** How long one is kept after a page was turned. */
const KEEP_ALIVE = '2m';
/** Open at a time; the oldest is given up for another. Who turns its pages then sees what is there by now. */
const MAX_OPEN = 32;

export class Snapshots {
  private readonly client: Client;
  /** The oldest first. */
  private readonly open = new Set<string>();
  /** Places whose last list had more than one page. */
  private readonly long = new Set<string>();

  constructor(client: Client) {
    this.client = client;
  }

  /** Whether a list there has more than one page, going by the last one that was looked at. */
  isLikely(place: string): boolean {
    return this.long.has(place);
  }

  /** What is of no use is given back. */
  learn(place: string, id: string | null, more: boolean): void {
    if (more) this.long.add(place);
    else this.long.delete(place);
    if (more || id === null || !this.open.delete(id)) return;
    void this.end(id);
  }

  /** null: there is nothing at that place. */
  async of(place: string): Promise<string | null> {
    try {
      const { id } = await this.client.openPointInTime({ index: place, keep_alive: KEEP_ALIVE });
      this.open.add(id);
      this.bound();
      return id;
    } catch (error) {
      if (statusOf(error) === 404) return null;
      throw explain(error);
    }
  }

  /** What a search names to look in it, and to keep it. */
  name(id: string): object {
    return { pit: { id, keep_alive: KEEP_ALIVE } };
  }

  /** It is gone, as after a restart of the server. */
  forget(id: string): void {
    this.open.delete(id);
  }

  async close(): Promise<void> {
    const ids = [...this.open];
    this.open.clear();
    for (const id of ids) await this.end(id);
  }

  private bound(): void {
    const [oldest] = this.open;
    if (this.open.size <= MAX_OPEN || oldest === undefined) return;
    this.open.delete(oldest);
    void this.end(oldest);
  }

  /** They end by themselves too. */
  private async end(id: string): Promise<void> {
    await this.client.closePointInTime({ id }).catch(() => undefined);
  }
}
