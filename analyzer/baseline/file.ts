import { createHash } from 'node:crypto';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import type { Asset } from '../asset.ts';
import { ATTRIBUTES } from '../asset.ts';
import { FACT_KINDS, FACT_STATES, type Fact } from '../fact.ts';

/** A baseline file that cannot be used: one line that names it and the fix. */
export class BaselineError extends Error {}

export type Baseline = { facts: Fact[]; assets: Asset[] /** SHA-256 of the file, '' when there was none. */; hash: string };

const VERSION = 1;
const texts = z.array(z.string());
export const factShape = z.object({
  id: z.string(),
  kind: z.enum(FACT_KINDS),
  client: z.string(),
  server: z.string(),
  protocol: z.string(),
  port: z.number(),
  unit: z.number(),
  what: z.string(),
  access: z.string(),
  readers: texts,
  writers: texts,
  callers: texts.optional(),
  watchers: texts.optional(),
  name: z.string().optional(),
  text: z.string().optional(),
  range: z.object({ min: z.number(), max: z.number(), last: z.number() }).nullable(),
  first_seen: z.string(),
  last_seen: z.string(),
  count: z.number(),
  frames: z.array(z.number()),
  state: z.enum(FACT_STATES),
  by: z.string(),
});
const attribute = z.object({
  name: z.enum(ATTRIBUTES),
  value: z.string(),
  source: z.string(),
  confidence: z.union([z.literal(1), z.literal(2), z.literal(3), z.literal(4), z.literal(5)]),
  frames: z.array(z.number()),
  first_seen: z.string(),
  last_seen: z.string(),
});
export const assetShape = z.object({
  id: z.string(),
  address: z.string(),
  ip: texts,
  mac: texts,
  first_seen: z.string(),
  last_seen: z.string(),
  state: z.enum(['learning', 'protected']),
  learning_until: z.string(),
  attributes: z.array(attribute),
});
const schema = z.object({ stillwatch_baseline: z.literal(VERSION), assets: z.array(assetShape), facts: z.array(factShape) });

/** Reads a baseline. `missing` says whether a file that is not there is an empty baseline (to be written) or an error. */
export function readBaseline(path: string, missing: 'empty' | 'error'): Baseline {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' && missing === 'empty') return { facts: [], assets: [], hash: '' };
    if (code === 'ENOENT') throw new BaselineError(`${path}: no such baseline; write one with: stillwatch learn CAPTURE --baseline ${path}`);
    throw new BaselineError(`${path}: cannot be read (${code ?? (error as Error).message})`);
  }
  const parsed = schema.safeParse(parseJson(text, path));
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new BaselineError(`${path}: not a baseline of this version (${issue?.path.join('.')}: ${issue?.message}); learn it anew`);
  }
  return { facts: parsed.data.facts, assets: parsed.data.assets, hash: createHash('sha256').update(text).digest('hex') };
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new BaselineError(`${path}: not a baseline (no JSON); learn it anew or name another file`);
  }
}

/** Writes a baseline whole or not at all. */
export function writeBaseline(path: string, assets: readonly Asset[], facts: readonly Fact[]): void {
  const lines = [
    `{"stillwatch_baseline":${VERSION},"assets":[`,
    assets.map((a) => JSON.stringify(a)).join(',\n'),
    '],"facts":[',
    facts.map((f) => JSON.stringify(f)).join(',\n'),
    ']}\n',
  ];
  try {
    writeFileSync(`${path}.new`, lines.join('\n'));
    renameSync(`${path}.new`, path);
  } catch (error) {
    throw new BaselineError(
      `${path}: cannot be written (${(error as NodeJS.ErrnoException).code ?? (error as Error).message}); choose a folder you may write to`,
    );
  }
}
