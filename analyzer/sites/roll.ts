/** Which sensors are heard: what the central console knows of sites, kept fresh. */
import { MAX_SITES, type Presence } from '../store/elastic/presence.ts';
import { sound } from './word.ts';

/** ms without a word after which a sensor counts as silent. It speaks every ten seconds. */
export const SILENT = 60_000;
/** ms after which a sensor is forgotten whose word is not there any more: it was taken away for good. */
export const GONE = 7 * 86_400_000;

export type Heard = Presence & { silent: boolean };

/** No name of a site holds the character between. */
export const keyOf = ({ site, observer }: Pick<Presence, 'site' | 'observer'>): string => `${site}\0${observer}`;

/** `contact` is what it said, `came` when that was new here, `at` since when nothing newer came while it could; ms since the epoch. */
type Word = { contact: number; came: number; at: number };

/** Clocks of sites may be wrong: once a sensor has been heard here, what counts is how long nothing new came, by our own clock. */
export class Roll {
  private readonly words = new Map<string, Word>();
  private sensors: Heard[] = [];
  /** Nobody could be heard for a while. */
  private deaf = false;

  /**
   * `now` is ms since the epoch. Who was heard and is not among them any more, or cannot be understood, falls silent rather than out of sight, for a week.
   * What was never a sensor's word is nobody's.
   */
  call(presences: readonly Presence[], now: number): void {
    if (this.deaf) this.listenAnew(now);
    const said = presences.flatMap((presence) => sound(presence) ?? []).slice(0, MAX_SITES);
    const called = new Set(said.map(keyOf));
    const missing = this.sensors.filter((sensor) => !called.has(keyOf(sensor)) && this.since(sensor, now) <= GONE);
    this.sensors = [...said.map((presence) => this.hear(presence, now)), ...missing.map((sensor) => this.miss(sensor, now))].slice(0, MAX_SITES);
    this.sensors.sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
    this.forget();
    this.deaf = false;
  }

  /** The cluster did not answer: nobody could say a word, and at the next call the clock of silence starts anew. Who was silent before stays so. */
  lose(): void {
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

  /** A contact later than our clock says is as late as it came here. */
  private hear(presence: Presence, now: number): Heard {
    const { contact } = presence;
    const known = this.words.get(keyOf(presence));
    // At first sight its own clock is all there is, unless it could not say anything.
    const at = known === undefined && !this.deaf ? Math.min(now, contact) : now;
    const word = known?.contact === contact ? known : { contact, came: now, at };
    this.words.set(keyOf(presence), word);
    return this.miss({ ...presence, contact: Math.min(contact, word.came), silent: false }, now);
  }

  private miss(sensor: Heard, now: number): Heard {
    return { ...sensor, silent: this.since(sensor, now) > SILENT };
  }

  /** How long (ms) nothing new came from it. */
  private since(presence: Presence, now: number): number {
    return now - (this.words.get(keyOf(presence))?.at ?? now);
  }

  private forget(): void {
    const kept = new Set(this.sensors.map(keyOf));
    for (const key of this.words.keys()) if (!kept.has(key)) this.words.delete(key);
  }
}
