import type { Ceiling } from '../../coverage.ts';

/** Values by key, at most `limit` of them; the one used least recently makes room. */
export class Latest<V> {
  private readonly values = new Map<string, V>();
  private readonly name: string;
  private readonly limit: number;
  private evicted = 0;

  /** `name` is that of the ceiling. */
  constructor(name: string, limit: number) {
    this.name = name;
    this.limit = limit;
  }

  get(key: string): V | undefined {
    const value = this.values.get(key);
    // The order is that of use, which matters once somebody has to make room.
    if (value !== undefined && this.values.size > this.limit >> 1) {
      this.values.delete(key);
      this.values.set(key, value);
    }
    return value;
  }

  set(key: string, value: V): void {
    if (!this.values.delete(key) && this.values.size >= this.limit) this.evict();
    this.values.set(key, value);
  }

  delete(key: string): void {
    this.values.delete(key);
  }

  ceiling(): Ceiling {
    return { name: this.name, limit: this.limit, used: this.values.size, hit: this.evicted };
  }

  /** A Map keeps the order of insertion. */
  private evict(): void {
    this.evicted++;
    for (const oldest of this.values.keys()) {
      this.values.delete(oldest);
      return;
    }
  }
}
