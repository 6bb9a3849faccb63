/** Which sensors are heard: what the central console knows of sites, kept fresh. */
import { MAX_SITES, type Presence } from '../store/elastic/presence.ts';

/** ms without a word after which a sensor counts as silent. It speaks every ten seconds. */
export const SILENT = 60_000;

export type Heard = Presence & { silent: boolean };

const keyOf = ({ site, observer }: Presence): string => `${site}/${observer}`;

type Word = { contact: number; at: number };

/** Clocks of sites may be wrong: once a sensor has been heard here, what counts is how long nothing new came, by our own clock. */
export class Roll {
  private readonly words = new Map<string, Word>();
  private sensors: Heard[] = [];
  /** Nobody could be heard for a while. */
  private deaf = false;

  /** `now` is ms since the epoch. Who was heard and is not among them any more, or cannot be understood, falls silent rather than out of sight. */
  call(presences: readonly Presence[], now: number): void {
    if (this.deaf) this.listenAnew(now);
    const called = new Set(presences.map(keyOf));
    const all = [...presences, ...this.sensors.filter((sensor) => !called.has(keyOf(sensor)))].slice(0, MAX_SITES);
    this.sensors = all.map((presence) => ({ ...presence, silent: this.since(presence, now) > SILENT })).sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
    this.deaf = false;
  }

  /** The cluster did not answer: nobody could say a word, and at the next call the clock of silence starts anew. Who was silent before stays so. */
  miss(): void {
    this.deaf = true;
  }

  /** All sensors, by site. */
  all(): readonly Heard[] {
    return this.sensors;
  }

  of(site: string): Heard[] {
    return this.sensors.filter((sensor) => sensor.site === site);
  }

  get sites(): string[] {
    return [...new Set(this.sensors.map(({ site }) => site))];
  }

  private listenAnew(now: number): void {
    for (const sensor of this.sensors) {
      const word = this.words.get(keyOf(sensor));
      if (word !== undefined && !sensor.silent) word.at = now;
    }
  }

  /** How long (ms) nothing new came from it. */
  private since(presence: Presence, now: number): number {
    const { contact } = presence;
    const key = keyOf(presence);
    const known = this.words.get(key);
    if (known !== undefined && known.contact === contact) return now - known.at;
    // At first sight its own clock is all there is, unless it could not say anything.
    const at = known === undefined && !this.deaf ? Math.min(now, contact) : now;
    this.words.set(key, { contact, at });
    return now - at;
  }
}
