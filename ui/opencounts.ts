/** How many findings are open, for the strip on every page: asked for now and again, and never waited for long. */
import { LEVELS, type Level, OPEN } from '../analyzer/finding.ts';
import { type Store, StoreError } from '../analyzer/store/store.ts';

export type OpenByLevel = { [level in Level]: number };

/** ms after which it is asked again; after a decision at once. */
const AGE = 2000;
/** ms that a page waits for it before it shows what was known last. */
const PATIENCE = 1000;

export const nothingOpen = (): OpenByLevel => Object.fromEntries(LEVELS.map((level) => [level, 0])) as OpenByLevel;

export class OpenCounts {
  private readonly store: Store;
  private readonly now: () => Date;
  private counted = { at: Number.NEGATIVE_INFINITY, open: nothingOpen() };
  private asking: Promise<OpenByLevel> | null = null;

  constructor(store: Store, now: () => Date) {
    this.store = store;
    this.now = now;
  }

  /** What was known last: asks nobody. */
  known(): OpenByLevel {
    return this.counted.open;
  }

  forget(): void {
    this.counted = { at: Number.NEGATIVE_INFINITY, open: this.counted.open };
    this.asking = null;
  }

  async open(): Promise<OpenByLevel> {
    if (Math.abs(this.now().getTime() - this.counted.at) <= AGE) return this.known();
    let timer: NodeJS.Timeout | undefined;
    const enough = new Promise<OpenByLevel>((resolve) => {
      timer = setTimeout(() => resolve(this.known()), PATIENCE);
    });
    try {
      return await Promise.race([this.ask(), enough]);
    } catch (error) {
      // The page says so where it needs the store itself.
      if (error instanceof StoreError) return this.known();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Once for all pages that wait for it. */
  private ask(): Promise<OpenByLevel> {
    if (this.asking !== null) return this.asking;
    const asking = this.count().finally(() => {
      if (this.asking === asking) this.asking = null;
    });
    this.asking = asking;
    return asking;
  }

  private async count(): Promise<OpenByLevel> {
    const now = this.now();
    const { counted } = this;
    const open = nothingOpen();
    const facets = await this.store.findingFacets({ status: [...OPEN], at: now.toISOString() });
    for (const { value, count } of facets.level) if (value in open) open[value as Level] = count;
    // What was begun before a decision does not count it.
    if (this.counted === counted) this.counted = { at: now.getTime(), open };
    return open;
  }
}
