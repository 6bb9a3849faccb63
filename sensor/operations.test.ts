import assert from 'node:assert/strict';
import { it } from 'node:test';
import { random } from '../test/sense.ts';
import { ESTABLISHED, MAX_PEERS, Operations } from './operations.ts';
import { Writer } from './writer.ts';

const PEER = { client: '10.0.0.5', server: '10.0.0.9', port: 502, transport: 'tcp', protocol: 'modbus', vlan: 0 };

/** Operations whose batches are written down as `define N` and `row N`, one line a batch. */
function operations(limit?: number) {
  const batches: string[] = [];
  const writer = new Writer((batch) => {
    const rows = Array.from(batch.operation.subarray(0, batch.rows), (n) => `row ${n}`);
    batches.push([...batch.definitions.map((d) => `define ${d.operation} ${d.fields['a']}`), ...rows].join(', '));
  });
  const known = new Operations(writer, limit);
  const peer = known.peer(PEER);
  const define = (a: number) => known.define(peer, a, 0, 0, 'modbus', { a });
  const find = (a: number) => known.find(peer.number, a, 0, 0);
  return { batches, writer, known, peer, define, find };
}

it('the same operation has the same number, another another', () => {
  const { known, peer, define, find } = operations();
  assert.equal(find(7), -1);
  assert.deepEqual([define(7), find(7), find(8), define(8), find(7)], [1, 1, -1, 2, 1]);
  assert.equal(known.find(peer.number, 7, 1, 0), -1);
  assert.equal(known.find(peer.number, 7, 0, 1), -1);
  assert.equal(known.find(peer.number + 1, 7, 0, 0), -1);
  assert.equal(known.size, 2);
});

it('the same peer has the same number, any property makes another', () => {
  const { known, peer } = operations();
  assert.equal(known.peer({ ...PEER }), peer);
  const others = [{ client: 'x' }, { server: 'x' }, { port: 1 }, { transport: 'udp' }, { protocol: 'opcua' }, { vlan: 3 }].map(
    (change) => known.peer({ ...PEER, ...change }).number,
  );
  assert.deepEqual(others, [2, 3, 4, 5, 6, 7]);
});

it('peers past the ceiling are peer 0, which has no operations', () => {
  const { known, peer } = operations();
  for (let vlan = 1; vlan < MAX_PEERS; vlan++) known.peer({ ...PEER, vlan });
  const late = known.peer({ ...PEER, port: 1 });
  assert.deepEqual([late.number, late.port, known.find(late.number, 1, 2, 3)], [0, 1, 0]);
  assert.equal(known.peer(PEER), peer);
});

it('a full table gives a newcomer the place of the oldest that is not established', () => {
  const { known, define, find } = operations(3);
  for (const a of [1, 2, 3]) define(a);
  for (let n = 1; n < ESTABLISHED; n++) find(1);
  assert.equal(define(4), 2);
  assert.deepEqual([find(1), find(2), find(3), find(4)], [1, -1, 3, 2]);
  assert.deepEqual([known.retired, known.refused, known.size], [1, 0, 3]);
});

it('a full table of established operations refuses newcomers', () => {
  const { known, define, find } = operations(2);
  for (const a of [1, 2]) {
    define(a);
    for (let n = 1; n < ESTABLISHED; n++) find(a);
  }
  assert.deepEqual([define(3), define(4), find(3), known.refused, known.retired], [0, 0, -1, 2, 0]);
  assert.deepEqual([find(1), find(2)], [1, 2]);
});

it('a host that makes up operations pushes out its own', () => {
  const { known, define, find } = operations(100);
  for (let a = 0; a < 50; a++) {
    define(a);
    for (let n = 1; n < ESTABLISHED; n++) find(a);
  }
  for (let a = 1000; a < 11_000; a++) define(a);
  for (let a = 0; a < 50; a++) assert.equal(find(a), a + 1);
  assert.deepEqual([known.size, known.retired, known.refused], [100, 9950, 0]);
});

it('a newcomer earns its place while it is on probation', () => {
  const { define, find } = operations(3);
  for (const a of [1, 2, 3]) define(a);
  define(4);
  for (let n = 1; n < ESTABLISHED; n++) find(4);
  for (let a = 100; a < 200; a++) define(a);
  assert.equal(find(4), 1);
});

it('the generation of a number changes with its owner', () => {
  const { known, define } = operations(1);
  const first = known.generation(define(1));
  assert.equal(known.generation(1), first);
  define(2);
  assert.notEqual(known.generation(1), first);
});

it('rows of a former owner are handed on before the number is defined again', () => {
  const { batches, writer, define } = operations(1);
  writer.row(define(1), 0, 0, 1, 2);
  writer.row(define(2), 0, 0, 3, 4);
  define(3);
  writer.flush();
  writer.flush();
  assert.deepEqual(batches, ['define 1 1, row 1', 'define 1 2, row 1', 'define 1 3']);
});

it('a definition goes out with the batch of its first row at the latest', () => {
  const { batches, writer, define } = operations();
  const n = define(1);
  for (let i = 0; i < 5000; i++) writer.row(n, i, 0, 1, 2);
  writer.flush();
  assert.equal(batches.length, 2);
  assert.match(batches[0] as string, /^define 1 1, row 1/);
  assert.doesNotMatch(batches[1] as string, /define/);
});

it('find and retirement agree with a plain map, whatever the order', () => {
  const { known, define, find } = operations(64);
  const owner = new Map<number, number>();
  const next = random(99);
  for (let step = 0; step < 20_000; step++) {
    const a = next(200);
    const n = find(a);
    const expected = [...owner].find(([, of]) => of === a)?.[0] ?? -1;
    assert.equal(n, expected, `step ${step}`);
    if (n < 0) {
      const place = define(a);
      if (place > 0) owner.set(place, a);
    }
  }
  assert.ok(known.retired > 1000);
});
