/** What is too large for a document is cut where the wire decides its size, and there alone. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { excerpt, MAX_WHOLE } from './excerpt.ts';

it('leaves alone what fits', () => {
  const value = { id: 'x', json: { a: ['b'.repeat(1_000_000)] } };
  assert.deepEqual(excerpt(value, ['json']), { text: JSON.stringify(value), shortened: false });
});

it('keeps the beginning of lists and texts, and every single value', () => {
  const nodes = Array.from({ length: 1000 }, (_, n) => ({ node_id: `i=${n}`, value: 'x'.repeat(8192) }));
  const value = { id: 'x', json: { opcua: { nodes, service: 'Write', status: 'Good' }, outcome: 'answered' }, frames: [1, 2] };
  const { text, shortened } = excerpt(value, ['json']);
  const read = JSON.parse(text) as typeof value;
  assert.equal(shortened, true);
  assert.deepEqual([read.id, read.frames, read.json.outcome, read.json.opcua.service, read.json.opcua.status], ['x', [1, 2], 'answered', 'Write', 'Good']);
  assert.ok(read.json.opcua.nodes.length > 100);
  assert.deepEqual(read.json.opcua.nodes[100], nodes[100]);
});

it('never leaves more than a quarter, whatever it is made of', () => {
  const parts: unknown[] = [
    '\u0001'.repeat(MAX_WHOLE),
    Array(MAX_WHOLE).fill(1),
    Array(100_000).fill(Array(100).fill([])),
    Object.fromEntries(Array.from({ length: 300_000 }, (_, n) => [`"${n}"`.padEnd(20, '\0'), null])),
  ];
  for (const part of parts) {
    const { text, shortened } = excerpt({ part }, ['part']);
    assert.equal(shortened, true);
    assert.ok(text.length < MAX_WHOLE / 3, `${text.length} characters`);
  }
});
