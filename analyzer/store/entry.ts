/** What comes into a store from a file, checked at the door: a file may be damaged, or made by anybody. */
import { z } from 'zod';
import { assetShape, factShape } from '../baseline/file.ts';
import { DECISIONS, LEVELS, RESOLUTIONS } from '../finding.ts';
import { TABLES } from '../point.ts';
import { TAG_TYPES, WORD_ORDERS } from '../tags/tag.ts';
import { micros } from './order.ts';
import { ENTRY_KINDS, type Entry, type EntryKind } from './store.ts';

/** Levels of objects and lists inside an entry. */
export const MAX_DEPTH = 256;

const id = z.string().min(1).max(256);
const text = z.string();
const words = z.array(text);
const number = z.number();
const numbers = z.array(number);
const values = z.array(number.nullable());
const frame = z.int().min(0);
const object = z.record(text, z.unknown());
const time = text.refine(isTime, 'a time such as 2026-11-23T10:00:00Z is expected');

function isTime(value: string): boolean {
  try {
    micros(value);
    return true;
  } catch {
    return false;
  }
}

const party = { ip: text.nullable(), name: text.nullable() };
const seen = { first_seen: time, last_seen: time };

const counted = { frames: number, bytes: number, transactions: number, exceptions: number, timeouts: number };

const tag = z.object({
  server: text,
  unit: z.int().min(0).max(255),
  table: z.enum(TABLES),
  address: z.int().min(0),
  bit: z.int().nullable(),
  name: text,
  type: z.enum(TAG_TYPES),
  length: z.int().min(0),
  order: z.enum(WORD_ORDERS).nullable(),
  scale: number,
  offset: number,
  eu: text,
  low: number.nullable(),
  high: number.nullable(),
});

const range = z.object({
  from: number,
  quantity: number,
  readers: words,
  writers: words,
  reads: number,
  writes: number,
  last_seen: text,
  values,
  low: values,
  high: values,
});

const finding = z.object({
  id,
  rule: z.object({ id: text, name: text, level: z.enum(LEVELS), version: number }),
  title: text,
  level: z.enum(LEVELS),
  risk: number,
  risk_factors: z.object({ level: number, criticality: number, confidence: number }),
  actor: z.object(party),
  target: z.object({ ...party, unit_id: z.int().nullable() }),
  opened: time,
  last_seen: time,
  count: number,
  occurrences: z.array(z.object({ '@timestamp': text, frames: numbers })),
  tags: words,
  seen: object,
  expected: z.array(factShape),
  explanation: text,
  respond: z.object({ soc: text, plant: text }),
  blind: text,
  inputs: z.object({ rule: text, baseline: text }),
});

const SHAPES: { [kind in EntryKind]: z.ZodType } = {
  audit: z.object({ '@timestamp': time, by: text, action: text, on: text, detail: text }),
  decision: z.object({
    id,
    '@timestamp': time,
    by: text,
    on: z.object({ kind: z.enum(['finding', 'fact', 'asset']), id }),
    kind: z.enum(DECISIONS),
    resolution: z.enum(RESOLUTIONS).nullable(),
    comment: text,
    edit: z.record(text, text).nullable(),
    after: z.int().min(0).optional(),
  }),
  tagList: z.object({ id, owner: id, file: text, tags: z.array(tag) }),
  asset: assetShape.extend({ id, ...seen }),
  fact: factShape.extend({ id, unit: z.int(), ...seen }),
  finding,
  conversation: z.object({ id, client: text, server: text, protocol: text, transport: text, port: number, ...seen, ...counted }),
  registers: z.object({ id, server: text, unit: z.int().min(0).max(255), table: z.enum(TABLES), points: number, last_seen: time, ranges: z.array(range) }),
  observation: z.object({ id, '@timestamp': time, kind: text, frames: z.array(frame), source: text, destination: text, json: object }),
  health: z.looseObject({ '@timestamp': time }),
};

/** Whether there are more than `left` levels inside. */
const deeper = (value: unknown, left: number): boolean =>
  typeof value === 'object' && value !== null && (left === 0 || Object.values(value).some((inner) => deeper(inner, left - 1)));

const isKind = (kind: unknown): kind is EntryKind => (ENTRY_KINDS as readonly unknown[]).includes(kind);

const shown = (value: unknown): string => JSON.stringify(typeof value === 'string' ? value.slice(0, 40) : typeof value);

/** Whether it is what an entry of this kind holds. */
export const isEntry = (kind: EntryKind, value: unknown): boolean => !deeper(value, MAX_DEPTH) && SHAPES[kind].safeParse(value).success;

/** The entry as it came, with whatever more is in it, or why it is none. */
export function entryOf(json: unknown): { entry: Entry } | { wrong: string } {
  const { kind, value } = (typeof json === 'object' && json !== null ? json : {}) as { kind?: unknown; value?: unknown };
  if (!isKind(kind)) return { wrong: `is of a kind that this Stillwatch does not know (${shown(kind)})` };
  if (deeper(value, MAX_DEPTH)) return { wrong: `is a ${kind} with more than ${MAX_DEPTH} levels` };
  const issue = SHAPES[kind].safeParse(value).error?.issues[0];
  if (issue === undefined) return { entry: { kind, value } as Entry };
  return { wrong: `is no ${kind} (${[...issue.path, ''].join('.').slice(0, -1) || 'value'}: ${issue.message})`.replaceAll(/\s+/g, ' ').slice(0, 300) };
}
