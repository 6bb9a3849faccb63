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

/** What a sensor said of its rules. What is no rule is left out: it may be of another version. */
export const rulesIn = (said: readonly unknown[]): SitedRule[] => said.flatMap((one) => RULE.safeParse(one).data ?? []);

/** Each once; it cannot fire where no sensor's can. */
export function rulesTogether(sensors: readonly (readonly SitedRule[])[]): SitedRule[] {
  const found = new Map<string, SitedRule>();
  for (const rule of sensors.flat()) {
    const known = found.get(rule.name);
    if (known === undefined || (known.cannot_fire !== null && rule.cannot_fire === null)) found.set(rule.name, rule);
  }
  return [...found.values()];
}
