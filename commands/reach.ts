/** Whether the cluster answers. Once it did not, pages are told so at once; what asks in the background, one at a time, finds out that it does again. */
import { type Store, StoreError } from '../analyzer/store/store.ts';

const LATE = 'Elasticsearch does not answer in time';

/** There was no answer, rather than one that refuses. */
const isAway = (error: unknown): error is StoreError =>
  error instanceof StoreError && error.kind === 'storage' && (error.message.startsWith(LATE) || error.message.includes(' cannot be reached '));

export class Reach {
  private why = '';

  /** Why nothing can be asked, '' while it can. */
  get away(): string {
    return this.why;
  }

  /** For a page. */
  async ask<T>(work: () => Promise<T>): Promise<T> {
    if (this.why !== '') throw new StoreError('storage', this.why);
    return this.probe(work, false);
  }

  /** In the background, whether it answered before or not. `clears`: that it answers is good for pages too. */
  async probe<T>(work: () => Promise<T>, clears = true): Promise<T> {
    try {
      const answer = await work();
      if (clears) this.why = '';
      return answer;
    } catch (error) {
      if (isAway(error)) this.why = error.message;
      else if (clears) this.why = '';
      throw error;
    }
  }

  /** The store, for pages. */
  over({ entries, close, ...store }: Store): Store {
    const methods = Object.entries(store) as [string, (...args: unknown[]) => Promise<unknown>][];
    const asked = Object.fromEntries(methods.map(([name, method]) => [name, (...args: unknown[]) => this.ask(() => method(...args))]));
    return { ...(asked as unknown as typeof store), entries, close };
  }
}
