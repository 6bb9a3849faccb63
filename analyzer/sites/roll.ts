/** Which sensors are heard: what the central console knows of sites, kept fresh. */
import type { Presence } from '../store/elastic/presence.ts';

/** ms without a word after which a sensor counts as silent. It speaks every ten seconds. */
export const SILENT = 60_000;

export type Heard = Presence & { silent: boolean };

type Word = { contact: number; at: number };

/** Clocks of sites may be wrong: once a sensor has been heard here, what counts is how long nothing new came, by our own clock. */
export class Roll {
  private readonly words = new Map<string, Word>();
  private sensors: Heard[] = [];

  /** `now` is ms since the epoch. */
  call(presences: readonly Presence[], now: number): void {
    this.sensors = presences.map((presence) => ({ ...presence, silent: this.since(presence, now) > SILENT }));
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

  /** How long (ms) nothing new came from it. */
  private since({ site, observer, contact }: Presence, now: number): number {
    const key = `${site}/${observer}`;
    const known = this.words.get(key);
    if (known !== undefined && known.contact === contact) return now - known.at;
    // At first sight its own clock is all there is.
    const at = known === undefined ? Math.min(now, contact) : now;
    this.words.set(key, { contact, at });
    return now - at;
  }
}
