/** A store with something of everything in it, and everything that a store answers, for tests that move one. */
import { type Decision, LEVELS } from '../analyzer/finding.ts';
import { CONFIGURATION, type Entry, type Page, type Store, type TagList } from '../analyzer/store/store.ts';
import {
  sampleAsset,
  sampleAttribute,
  sampleConversation,
  sampleDecision,
  sampleFact,
  sampleFinding,
  sampleId,
  sampleKept,
  sampleRange,
  sampleRegisters,
  sampleTag,
  sampleTime,
} from './samples.ts';

/** Texts that lines, JSON and UTF-8 have trouble with. */
export const AWKWARD = [
  'a line\nand another\r\nand a third',
  'separators\u2028of\u2029lines',
  'half a pair \ud83c and \udf2d the other',
  '{"kind":"finding"}',
  'nul\0and\u0001 and \u007f',
  '🏭 Kläranlage Süd ПЛК',
  '\ufeffa mark of order',
  'x'.repeat(70_000),
];

const list = (owner: string, name: string, from: number): TagList => ({
  id: sampleId(`${owner} ${name}`),
  owner,
  file: `${name}.csv`,
  tags: [sampleTag(from + 2), sampleTag(from), sampleTag(from, { unit: 2, name: AWKWARD[1] as string }), sampleTag(from, { table: 'coils', type: 'bool' })],
});

const names = (count: number, name: string): string[] => Array.from({ length: count }, (_, n) => `${name} ${n}`);

async function saveAll(store: Store, n: number): Promise<void> {
  const addresses = Array.from({ length: n }, (_, i) => `10.0.${i >> 8}.${i & 255}`);
  const wire = addresses.map((address, i) =>
    sampleAsset(address, [sampleAttribute('vendor', `Vendor ${i % 7}`), sampleAttribute('name', AWKWARD[i % 7] as string)]),
  );
  const findings = names(n, 'finding').map((name, i) =>
    sampleFinding(name, { title: AWKWARD[i % AWKWARD.length] as string, level: LEVELS[i % 5]!, last_seen: sampleTime(10 + (i % 3)) }),
  );
  const facts = names(n, 'fact').map((what, i) => sampleFact(what, { unit: i % 4, ...(i % 9 === 0 ? { state: 'approved', by: 'a baseline' } : {}) }));
  const registers = names(n / 5, 'unit').map((_, i) => sampleRegisters(`10.0.1.${i >> 2}`, i % 4, 'holding_registers', [sampleRange(i, [i, null, 65_535])]));
  await store.save({ assets: wire, findings, facts, conversations: addresses.map((address) => sampleConversation(address, '10.9.9.9')), registers });
  await store.save({ tagLists: [list('a', 'first', 10), list('a', 'second', 20), list('a', 'third', 30), list(CONFIGURATION, 'named', 40)] });
  // Flows and summaries are kept apart by some backends: what has the same time stays in the order in which it came.
  const kinds = [{ kind: 'modbus' }, { kind: 'flow' }, { kind: 'modbus', json: { kind: 'modbus', summary: { count: 7 } } }];
  const kept = names(5 * n, 'seen').map((name, i) =>
    sampleKept(name, { '@timestamp': sampleTime(i >> 4), frames: [i, i + 1], ...kinds[i % 3], source: AWKWARD[i % 7] as string }),
  );
  await store.save({ observations: kept });
  await store.save({
    health: names(n, 'health').map((name, i) => ({
      '@timestamp': sampleTime(i >> 2),
      zone: name,
      7: i,
      interfaces: [{ name: AWKWARD[i % 7], dropped: null }],
    })),
  });
}

/** Decisions of every kind, several at the same time, out of order, and on what is not there. */
function decisions(n: number): Decision[] {
  const on = (kind: 'finding' | 'fact' | 'asset', name: string): Decision['on'] => ({ kind, id: sampleId(name) });
  const some = names(n / 8, 'finding').flatMap((name, i) => [
    sampleDecision(on('finding', name), 'close', { resolution: 'false_positive', comment: AWKWARD[i % 7] as string, by: `user ${i % 3}` }),
    sampleDecision(on('finding', name), i % 2 === 0 ? 'reopen' : 'comment', { comment: 'again' }),
    sampleDecision(on('finding', name), 'assign', { '@timestamp': sampleTime(200), edit: { assignee: i % 3 === 0 ? '' : (AWKWARD[i % 7] as string) } }),
    sampleDecision(on('finding', name), 'suppress', { '@timestamp': sampleTime(200), edit: { until: sampleTime(i * 10) }, comment: AWKWARD[i % 7] as string }),
  ]);
  const before = sampleDecision(on('finding', 'finding 1'), 'start', { '@timestamp': sampleTime(3) });
  const facts = names(n / 8, 'fact').map((name, i) => sampleDecision(on('fact', name), i % 2 === 0 ? 'approve' : 'retire', { after: 0 }));
  const edits = [sampleTime(5), sampleTime(4)].map((time) =>
    sampleDecision(on('asset', '10.0.0.3'), 'edit', { '@timestamp': time, edit: { name: `Pump ${time}`, role: 'hmi' } }),
  );
  const tags = (owner: string, name: string, time: number): Decision =>
    sampleDecision({ kind: 'asset', id: owner }, 'tags', { '@timestamp': sampleTime(time), edit: { list: sampleId(`${owner} ${name}`), file: '', tags: '4' } });
  return [
    ...some,
    before,
    ...facts,
    ...edits,
    sampleDecision(on('finding', 'never seen'), 'acknowledge'),
    tags('a', 'third', 1),
    tags('a', 'first', 2),
    tags(CONFIGURATION, 'named', 1),
  ];
}

/** Puts `n` findings, devices, facts and the rest into a store. */
export async function storeEverything(store: Store, n: number): Promise<void> {
  const taken = decisions(n);
  const audit = (text: string, i: number): Promise<void> => store.audit({ '@timestamp': sampleTime(i), by: 'ben', action: 'login', on: text, detail: text });
  await audit('before all', 0);
  for (const decision of taken.slice(0, 5)) await store.decide(decision);
  await saveAll(store, n);
  for (const [i, decision] of taken.slice(5).entries()) {
    await store.decide(decision);
    if (i < AWKWARD.length) await audit(AWKWARD[i] as string, i);
  }
}

async function all<T>(read: (cursor: string | undefined) => Promise<Page<T>>): Promise<T[]> {
  const items: T[] = [];
  for (let cursor: string | undefined; ; ) {
    const page = await read(cursor);
    items.push(...page.items);
    if (page.next === null) return items;
    cursor = page.next;
  }
}

const SORTS = ['last_seen', 'opened', 'risk', 'count'] as const;
const MANY = { limit: 10_000 };

/** What the store says to every question, so that two may be compared. */
export async function answers(store: Store): Promise<{ [question: string]: unknown }> {
  const sorted = await Promise.all(SORTS.map((sort) => all((cursor) => store.findings({ sort, limit: 999, cursor }))));
  const assets = await all((cursor) => store.assets({ limit: 999, cursor }));
  const subjects: Decision['on'][] = [
    ...sorted[0]!.map(({ id }) => ({ kind: 'finding', id }) as const),
    ...[...assets.map(({ id }) => id), 'a', CONFIGURATION].map((id) => ({ kind: 'asset', id }) as const),
    { kind: 'finding', id: sampleId('never seen') },
  ];
  return {
    findings: sorted,
    closed: await store.findings({ status: ['closed'], ...MANY }),
    suppressed: await store.findings({ status: ['suppressed'], at: sampleTime(40), ...MANY }),
    facets: [await store.findingFacets({}), await store.findingFacets({ at: sampleTime(40) }), await store.assetFacets({})],
    assets,
    edited: await store.assets({ role: 'hmi' }),
    facts: await all((cursor) => store.facts({ limit: 999, cursor })),
    conversations: await all((cursor) => store.conversations({ limit: 999, cursor })),
    observations: [await store.observations(MANY), await store.observations({ frames: [4, 5] })],
    registers: await store.registers({}),
    tags: [await store.tags({}), await store.tagLists(), await store.tagLists('a')],
    decisions: await Promise.all(subjects.slice(0, 200).map((on) => store.decisions(on))),
    health: await store.health(MANY),
    audit: await all((cursor) => store.auditLines({ limit: 999, cursor })),
  };
}

export async function entriesOf(store: Store): Promise<Entry[]> {
  const found: Entry[] = [];
  for await (const entry of store.entries()) found.push(entry);
  return found;
}
