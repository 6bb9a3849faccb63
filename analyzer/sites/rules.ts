/** Rules of several sensors, as one list. */
import { z } from 'zod';
import { LEVELS } from '../finding.ts';

const texts = z.array(z.string());

const RULE = z.object({
  id: z.string(),
  name: z.string(),
  title: z.string(),
  level: z.enum(LEVELS),
  enabled: z.boolean(),
  catalogue: texts,
  attack: texts,
  cannot_fire: z.string().nullable(),
  description: z.string(),
  blind: z.string(),
  why: z.string().default(''),
});

/** A rule as the console of its sensor shows it. */
export type SitedRule = z.infer<typeof RULE>;

/** Each once; it cannot fire where no sensor's can. What is no rule is left out: a sensor may be of another version. */
export function rulesTogether(sensors: readonly (readonly unknown[])[]): SitedRule[] {
  const found = new Map<string, SitedRule>();
  for (const said of sensors.flat()) {
    const { data: rule } = RULE.safeParse(said);
    if (rule === undefined) continue;
    const known = found.get(rule.name);
    if (known === undefined || (known.cannot_fire !== null && rule.cannot_fire === null)) found.set(rule.name, rule);
  }
  return [...found.values()];
}
