/** What is moved arrives whole, and what is damaged is told in one line. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { cluster, remove, SERVERS, siteOf } from '../../test/elasticsearch/servers.ts';
import { AWKWARD, answers, entriesOf, storeEverything } from '../../test/everything.ts';
import { missing } from '../../test/shared.ts';
import { placeOf } from './elastic/kinds.ts';
import { type Cluster, scopeOf } from './elastic/scope.ts';
import { elasticStore } from './elastic.ts';
import { MAX_DEPTH } from './entry.ts';
import { exported, imported, MAX_BATCH } from './move.ts';
import { verifyAudit } from './sqlite/audit.ts';
import { openSqlite } from './sqlite.ts';
import { ENTRY_KINDS, type Store, StoreError } from './store.ts';

const NOW = new Date('2026-11-24T08:00:00Z');
let folder = '';
let files = 0;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'stillwatch-move-'));
});
after(() => rmSync(folder, { recursive: true, force: true }));

const file = (): string => join(folder, `${files++}.db`);

async function linesOf(store: Store): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of exported(store, NOW)) lines.push(line);
  return lines;
}

async function* each(lines: readonly string[]): AsyncGenerator<string> {
  yield* lines;
}

const take = (store: Store, lines: readonly string[]) => imported(store, each(lines), { name: 'plant.ndjson' });

async function filled(n: number, path = ':memory:'): Promise<string[]> {
  const store = openSqlite(path);
  await storeEverything(store, n);
  const lines = await linesOf(store);
  await store.close();
  return lines;
}

const refused = (pattern: RegExp) => (error: unknown) => {
  assert.ok(error instanceof StoreError, String(error));
  assert.equal(error.kind, 'query');
  assert.match(error.message, /^plant\.ndjson: /);
  assert.match(error.message, pattern);
  assert.doesNotMatch(error.message, /\n/);
  return true;
};

describe('from file to file', () => {
  it('everything arrives, the audit trail hash by hash, and again changes nothing', async () => {
    const [from, to] = [file(), file()];
    const lines = await filled(150, from);
    const [one, other] = [openSqlite(from), openSqlite(to)];
    const counts = await take(other, lines);
    assert.deepEqual(Object.keys(counts), [...ENTRY_KINDS]);
    assert.equal(counts.finding, 150);
    assert.ok((counts.observation ?? 0) > MAX_BATCH);
    const expected = await answers(one);
    assert.deepEqual(await answers(other), expected);
    assert.deepEqual(await linesOf(other), lines);
    const proof = verifyAudit(from);
    assert.ok(proof.lines > 50 && proof.broken === null);
    assert.deepEqual(verifyAudit(to), proof);
    await take(other, lines);
    assert.deepEqual(await answers(other), expected);
    assert.deepEqual(verifyAudit(to), proof);
    await one.close();
    await other.close();
  });

  it('lines begin with a head and end with how many there were, and every one is a line', async () => {
    const lines = await filled(10);
    assert.deepEqual(JSON.parse(lines[0] as string), { stillwatch: 'store', version: 1, exported: '2026-11-24T08:00:00.000Z' });
    const kinds = lines.slice(1, -1).map((line) => JSON.parse(line).kind as string);
    const tally = Object.fromEntries([...new Set(kinds)].map((kind) => [kind, kinds.filter((one) => one === kind).length]));
    assert.deepEqual(JSON.parse(lines.at(-1) as string), { stillwatch: 'end', counts: tally });
    assert.deepEqual(
      lines.filter((line) => line.includes('\n')),
      [],
    );
  });

  it('an empty store is a head and an end', async () => {
    const lines = await linesOf(openSqlite(':memory:'));
    assert.equal(lines.length, 2);
    assert.deepEqual(await take(openSqlite(':memory:'), lines), {});
  });

  it('what is there already stays, and decisions of both count', async () => {
    const lines = await filled(20);
    const other = openSqlite(':memory:');
    await storeEverything(other, 30);
    await other.audit({ '@timestamp': '2026-11-24T08:00:00Z', by: 'anna', action: 'login', on: 'console', detail: 'only here' });
    const lists = await other.tagLists();
    const { total } = await other.auditLines({});
    await take(other, lines);
    assert.equal((await other.findings({})).total, 30);
    assert.deepEqual(await other.tagLists(), lists);
    assert.ok((await other.auditLines({})).total >= total);
    assert.equal((await other.auditLines({})).items.filter(({ detail }) => detail === 'only here').length, 1);
  });

  it('tells how far it is', async () => {
    const lines = await filled(10);
    const seen: number[] = [];
    const sum = (counts: object): number => Object.values(counts).reduce((all, n) => all + n, 0);
    await imported(openSqlite(':memory:'), each(lines), { name: 'x', onProgress: (counts) => seen.push(sum(counts)) });
    assert.deepEqual(
      seen,
      lines.slice(1, -1).map((_, n) => n + 1),
    );
  });
});

describe('what is wrong is one line that says where', () => {
  let lines: string[] = [];
  before(async () => {
    lines = await filled(10);
  });

  const wrong = async (some: readonly string[], pattern: RegExp): Promise<Store> => {
    const store = openSqlite(':memory:');
    await assert.rejects(take(store, some), refused(pattern));
    return store;
  };

  it('a file that ends early, between lines or within one, leaves what came before', async () => {
    for (let end = 1; end < lines.length; end++) {
      const store = await wrong(lines.slice(0, end), /ends in the middle; what came before was taken; export it again and import it over\.$/);
      const taken = (await entriesOf(store)).filter(({ kind }) => kind !== 'audit').length;
      assert.equal(taken, lines.slice(1, end).filter((line) => !line.startsWith('{"kind":"audit"')).length, `${end} lines`);
      const last = lines[end] as string;
      await wrong([...lines.slice(0, end), last.slice(0, 1 + (end % (last.length - 1)))], /ends in the middle/);
    }
  });

  it('a damaged line is named, and what came before it was taken', async () => {
    for (const at of [2, 30, lines.length - 1]) {
      const damaged = lines.with(at - 1, (lines[at - 1] as string).replace('"', ''));
      const store = await wrong(damaged, new RegExp(`line ${at}: is no JSON, the file is damaged; what came before was taken`));
      const kept = (await entriesOf(store)).filter(({ kind }) => kind !== 'audit').length;
      assert.equal(kept, lines.slice(1, at - 1).filter((line) => !line.startsWith('{"kind":"audit"')).length);
    }
  });

  it('lines that are missing, doubled, or behind the end', async () => {
    const at = lines.findIndex((line) => line.startsWith('{"kind":"finding"'));
    await wrong(lines.toSpliced(at, 1), new RegExp(`line ${lines.length - 1}: of 10 entries of the kind finding 9 came`));
    await wrong(lines.toSpliced(at, 0, lines[at] as string), /of 10 entries of the kind finding 11 came/);
    await wrong([...lines, ...lines], new RegExp(`line ${lines.length + 1}: comes after the end; import one export at a time`));
  });

  it('a newer version, and what is no export', async () => {
    const head = (changes: object): string => JSON.stringify({ ...JSON.parse(lines[0] as string), ...changes });
    const store = await wrong(
      lines.with(0, head({ version: 2 })),
      /was exported by a newer Stillwatch \(version 2, this one knows up to 1\); update this one\.$/,
    );
    assert.deepEqual(await entriesOf(store), []);
    for (const line of [head({ stillwatch: 'shop' }), head({ version: 'x' }), head({ version: 0 }), 'no JSON', 'null', '[]', '7', lines[5] as string]) {
      await wrong(lines.with(0, line), /is no export of a store; name a file that `stillwatch store export` wrote/);
    }
    await wrong([], /is empty/);
    await wrong(['', ' \t'], /is empty/);
  });

  it('a kind that nobody knows', async () => {
    const at = lines.length;
    for (const [kind, shown] of [
      ['widget', '"widget"'],
      ['__proto__', '"__proto__"'],
      ['constructor', '"constructor"'],
      ['a\nb'.repeat(100), '"a\\\\nb'],
      [undefined, '"undefined"'],
      [{ finding: 1 }, '"object"'],
    ] as const) {
      const line = JSON.stringify({ kind, value: {} });
      await wrong(lines.toSpliced(at - 1, 0, line), new RegExp(`line ${at}: is of a kind that this Stillwatch does not know \\(${shown}`));
    }
    for (const line of ['null', '7', '"finding"', '[]', '{}']) await wrong(lines.toSpliced(at - 1, 0, line), /does not know \("undefined"\)/);
  });

  it('more levels than anything has', async () => {
    const nested = (levels: number): string => `{"kind":"health","value":{"@timestamp":"2026-11-23T10:00:00Z","x":${'['.repeat(levels)}${']'.repeat(levels)}}}`;
    const with_ = (line: string): string[] => [lines[0] as string, line, '{"stillwatch":"end","counts":{"health":1}}'];
    await take(openSqlite(':memory:'), with_(nested(MAX_DEPTH - 1)));
    await wrong(with_(nested(MAX_DEPTH)), /line 2: is a health with more than 256 levels/);
    await wrong(with_(nested(1_000_000)), /line 2: is a health with more than 256 levels/);
  });

  it('a blank line, the ends of other systems and further fields are no matter', async () => {
    const more = lines.map((line, n) => (n % 3 === 0 ? `${line}\r` : line)).toSpliced(7, 0, '', '  \r');
    const store = openSqlite(':memory:');
    await take(store, [...more, '']);
    assert.deepEqual(await linesOf(store), lines);
  });
});

/** Every place inside a value: how to put something else there. */
function places(value: unknown, put: (other: unknown) => unknown): ((other: unknown) => unknown)[] {
  if (typeof value !== 'object' || value === null) return [put];
  const inner = Object.entries(value).flatMap(([key, one]) =>
    places(one, (other) => put(Array.isArray(value) ? value.with(Number(key), other) : { ...value, [key]: other })),
  );
  const without = Array.isArray(value)
    ? []
    : Object.keys(value).map((key) => () => put(Object.fromEntries(Object.entries(value).filter(([name]) => name !== key))));
  return [put, ...inner, ...without];
}

const INSTEAD = [null, true, -1, 1.5, 2 ** 60, '', 'x', AWKWARD[2], '2026-13-41T99:00:00Z', [], {}, [null], { ip: [1] }];

it('whatever an entry says is taken or refused in one line, and what was taken can be read', async () => {
  const lines = await filled(5);
  let [taken, not] = [0, 0];
  for (const kind of ENTRY_KINDS) {
    const { value } = JSON.parse(lines.find((line) => line.startsWith(`{"kind":"${kind}"`)) as string);
    for (const put of places(value, (other) => other)) {
      const store = openSqlite(':memory:');
      for (const other of INSTEAD) {
        const made = [lines[0] as string, JSON.stringify({ kind, value: put(other) }), JSON.stringify({ stillwatch: 'end', counts: { [kind]: 1 } })];
        try {
          await take(store, made);
          taken++;
        } catch (error) {
          refused(new RegExp(`line 2: is no ${kind} \\(`))(error);
          not++;
        }
      }
      await answers(store);
      await store.close();
    }
  }
  assert.ok(taken > 500 && not > 1000, `${taken} taken, ${not} refused`);
});

it('bytes changed by chance are taken or refused in one line', async () => {
  const text = (await filled(5)).join('\n');
  let state = 7;
  const chance = (below: number): number => (state = (state * 48_271) % 2_147_483_647) % below;
  for (let n = 0; n < 400; n++) {
    const bytes = Buffer.from(text);
    for (let changes = 0; changes <= n % 3; changes++) bytes[chance(bytes.length)] = chance(256);
    const store = openSqlite(':memory:');
    await take(store, bytes.toString().split('\n')).catch(refused(/./));
    await answers(store);
    await store.close();
  }
});

for (const node of SERVERS.length === 0 ? ['no server'] : SERVERS) {
  describe(`by way of ${node}`, { skip: missing('elasticsearch') }, () => {
    let one: Cluster;
    before(async () => {
      one = await cluster(node);
    });
    after(() => remove(one));

    it('everything comes back as it was, the audit trail hash by hash', async () => {
      const [from, to] = [file(), file()];
      const lines = await filled(60, from);
      const there = elasticStore(siteOf(one));
      await take(there, lines);
      const [first, last] = [openSqlite(from), openSqlite(to)];
      const expected = await answers(first);
      assert.deepEqual(await answers(there), expected);
      await take(last, await linesOf(there));
      assert.deepEqual(await answers(last), expected);
      assert.deepEqual(verifyAudit(to), verifyAudit(from));
      for (const store of [first, last, there]) await store.close();
    });

    it('again changes nothing, also after streams began new indices', async () => {
      const lines = await filled(12);
      const there = elasticStore(siteOf(one));
      await take(there, lines);
      const expected = await answers(there);
      for (const kind of ['observations', 'flows', 'health', 'audit'] as const) await one.client.indices.rollover({ alias: placeOf(one.prefix, kind) });
      await take(there, lines);
      assert.deepEqual(await answers(there), expected);
      assert.equal((await linesOf(there)).length, lines.length);
      await there.close();
    });

    it('of several sites each is a store of its own, and all together are none', async () => {
      const [here, elsewhere] = [siteOf(one), siteOf(one)];
      const [few, more] = [await filled(3), await filled(9)];
      await take(elasticStore(here), few);
      await take(elasticStore(elsewhere), more);
      assert.deepEqual((await linesOf(elasticStore(here))).toSorted(), few.toSorted());
      assert.equal((await linesOf(elasticStore(elsewhere))).length, more.length);
      await assert.rejects(linesOf(elasticStore(scopeOf(one, null))), /Sites are exported one by one/);
    });
  });
}
