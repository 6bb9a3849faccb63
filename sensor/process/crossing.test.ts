/** Batches come out as they went in, under numbers of the analyzer's own. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Batch, type Definition, type Peer } from '../observation.ts';
import { Operations } from '../operations.ts';
import { Writer } from '../writer.ts';
import { Inbox, Outbox, SLOTS } from './crossing.ts';
import { Numbering, Translation } from './numbering.ts';

/** A batch with rows of every width, values and all. */
function filled(rows: number): Batch {
  let out = new Batch();
  const writer = new Writer((batch) => {
    out = batch;
  });
  for (let n = 0; n < rows; n++) {
    const i = writer.row(n + 1, 1_700_000_000_000.25 + n, n % 6, n * 2 + 1, n * 2 + 2);
    const { batch } = writer;
    batch.latency[i] = n / 3;
    batch.status[i] = 0x80000000 + n;
    batch.port[i] = 40_000 + n;
    batch.transaction[i] = 4_000_000_000 + n;
    batch.handle[i] = n;
    batch.channel[i] = n * 3;
    for (let k = 0; k < n % 5; k++) writer.value(i, n + k / 10);
  }
  out = writer.batch;
  return out;
}

const columns = (batch: Batch): unknown[] =>
  [batch.operation, batch.at, batch.latency, batch.outcome, batch.status, batch.requestFrame, batch.responseFrame, batch.port].map((one) => [
    ...one.subarray(0, batch.rows),
  ]);
const rest = (batch: Batch): unknown[] =>
  [batch.transaction, batch.handle, batch.channel, batch.valueStart, batch.valueCount, batch.detail].map((one) => [...one.subarray(0, batch.rows)]);
const values = (batch: Batch): number[][] =>
  Array.from({ length: batch.rows }, (_, i) => [
    ...batch.values.subarray(batch.valueStart[i], (batch.valueStart[i] as number) + (batch.valueCount[i] as number)),
  ]);

describe('crossing', () => {
  it('every column and value, in every slot, and over the channel when all are taken', () => {
    const inbox = new Inbox();
    const outbox = new Outbox(inbox.fd);
    const into = new Batch();
    const slots = new Set<number>();
    for (let n = 0; n < SLOTS + 2; n++) {
      const batch = filled(100 + n);
      const place = outbox.write(batch);
      assert.equal(place.bytes !== undefined, n >= SLOTS);
      slots.add(place.slot);
      inbox.read(place, into);
      assert.deepEqual([columns(into), rest(into), values(into)], [columns(batch), rest(batch), values(batch)]);
    }
    assert.equal(slots.size, SLOTS + 1);
    outbox.taken(3);
    assert.equal(outbox.write(filled(1)).slot, 3);
    inbox.close();
  });

  it('an empty batch, and a full one', () => {
    const inbox = new Inbox();
    const outbox = new Outbox(inbox.fd);
    for (const rows of [0, 4096]) {
      const into = new Batch();
      inbox.read(outbox.write(filled(rows)), into);
      assert.equal(into.rows, rows);
    }
    inbox.close();
  });

  it('what no sensor sends is refused', () => {
    const inbox = new Inbox();
    const into = new Batch();
    for (const place of [
      { slot: 99, rows: 1, values: 0 },
      { slot: 0, rows: 5000, values: 0 },
      { slot: 0, rows: 1, values: 70_000 },
      { slot: 0, rows: -1, values: 0 },
    ])
      assert.throws(() => inbox.read(place, into), /larger than any/);
    assert.throws(() => inbox.read({ slot: 5, rows: 10, values: 0 }, into), /cut short/);
    assert.throws(() => inbox.read({ slot: -1, rows: 10, values: 0, bytes: new Uint8Array(5) }, into), /cut short/);
    inbox.close();
  });
});

describe('numbering', () => {
  const peer = (client: string): Omit<Peer, 'number'> => ({ client, server: '10.0.0.9', port: 502, transport: 'tcp', protocol: 'modbus', vlan: 0 });

  /** A sensor's batch that defines operations of these clients and has a row of each. */
  function batchOf(...clients: string[]): Batch {
    let out = new Batch();
    const writer = new Writer((batch) => {
      out = batch;
    });
    const operations = new Operations(writer);
    for (const client of clients) writer.row(operations.define(operations.peer(peer(client)), 1, 2, 3, 'modbus', { client }), 0, 0, 1, 2);
    out = writer.batch;
    return out;
  }
  const told = (batch: Batch): [number, number, unknown][] =>
    batch.definitions.map(({ operation, peer: { number }, fields }: Definition) => [operation, number, fields['client']]);

  it('two sensors side by side: operations of their own, the same peer under one number', () => {
    const numbering = new Numbering();
    const [left, right] = [new Translation(numbering), new Translation(numbering)];
    const [a, b] = [batchOf('10.0.0.1', '10.0.0.2'), batchOf('10.0.0.2', '10.0.0.3')];
    left.apply(a);
    right.apply(b);
    assert.deepEqual(told(a), [
      [1, 1, '10.0.0.1'],
      [2, 2, '10.0.0.2'],
    ]);
    assert.deepEqual(told(b), [
      [3, 2, '10.0.0.2'],
      [4, 3, '10.0.0.3'],
    ]);
    assert.deepEqual([...b.operation.subarray(0, 2)], [3, 4]);
  });

  it('a sensor after another one: numbers come back, with another meaning', () => {
    const translation = new Translation(new Numbering());
    translation.apply(batchOf('10.0.0.1', '10.0.0.2'));
    translation.end();
    const batch = batchOf('10.0.0.2');
    translation.apply(batch);
    assert.deepEqual(told(batch), [[2, 2, '10.0.0.2']]);
    assert.equal(batch.operation[0], 2);
  });

  it('rows that are no operation stay none', () => {
    const translation = new Translation(new Numbering());
    const batch = batchOf('10.0.0.1');
    batch.operation[0] = 0;
    translation.apply(batch);
    assert.equal(batch.operation[0], 0);
  });
});
