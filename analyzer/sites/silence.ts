/** Findings about sites that are not heard, raised where their sensors would be missed. */
import { timestamp } from '../../sensor/observation.ts';
import { Analyzer } from '../analyzer.ts';
import type { Decision, Finding } from '../finding.ts';
import { idOf } from '../hash.ts';
import type { RuleSet } from '../rules/compile.ts';
import { type Heard, keyOf } from './roll.ts';

export type SilenceOptions = {
  rules: RuleSet;
  /** Keeps a finding at the site that it is about. */
  raise: (site: string, finding: Finding) => Promise<void>;
  /** Says that it is over, on the finding. */
  over: (site: string, decision: Decision) => Promise<void>;
};

export class Silence {
  private readonly options: SilenceOptions;
  /** Findings of sensors that are silent now. */
  private readonly open = new Map<string, Finding>();

  constructor(options: SilenceOptions) {
    this.options = options;
  }

  /**
   * Raises what is silent and was not, and says of what was that it is over. `now` is ms since the epoch. What fails at one sensor is tried again at the
   * next look and holds up no other; throws the first of such failures.
   */
  async look(sensors: readonly Heard[], now: number): Promise<void> {
    const failures: unknown[] = [];
    for (const sensor of sensors) await this.lookAt(sensor, now).catch((error) => failures.push(error));
    if (failures.length > 0) throw failures[0];
  }

  private async lookAt(sensor: Heard, now: number): Promise<void> {
    const key = keyOf(sensor);
    const known = this.open.get(key);
    if (sensor.silent && known === undefined) await this.raise(key, sensor, now);
    if (!sensor.silent && known !== undefined) await this.over(key, sensor, known, now);
  }

  /** It opens with the last contact, so that every console raises the same one, however often it starts. */
  private async raise(key: string, { site, observer, contact }: Heard, now: number): Promise<void> {
    const analyzer = new Analyzer({ rules: this.options.rules, learn: 0 });
    const at = timestamp(contact);
    analyzer.tell(
      { kind: 'loss', '@timestamp': at, 'loss.reason': 'site_silent', 'loss.interface': observer, 'loss.duration': Math.max(0, now - contact) },
      contact,
    );
    const [finding] = analyzer.findings;
    if (finding === undefined) return;
    await this.options.raise(site, finding);
    this.open.set(key, finding);
  }

  private async over(key: string, { site, observer, contact }: Heard, { id }: Finding, now: number): Promise<void> {
    await this.options.over(site, {
      id: idOf('heard again', id, contact),
      '@timestamp': new Date(now).toISOString(),
      by: 'Stillwatch',
      on: { kind: 'finding', id },
      kind: 'comment',
      resolution: null,
      comment: `${observer} is heard again. What it stored meanwhile is arriving.`,
      edit: null,
      after: 0,
    });
    this.open.delete(key);
  }
}
