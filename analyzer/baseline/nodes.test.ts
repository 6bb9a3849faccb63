/** What the baseline keeps of OPC UA nodes: who does what with each, its name, its last words. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Value } from '../../sensor/observation.ts';
import { type Fact, factText } from '../fact.ts';
import { Facts } from './facts.ts';
import { touchOf, wordsOf } from './touch.ts';

type Fields = { [field: string]: Value };
const doing = (client: string, service: string, access: string, ...nodes: Value[]): Fields => ({
  'source.ip': client,
  'destination.ip': '10.0.0.9',
  'destination.port': 4840,
  'opcua.service': service,
  'opcua.access': access,
  'opcua.nodes': nodes,
});
const node = (id: string, value: Value = null, more: Fields = {}): Value => ({ node_id: id, attribute_id: 13, value, status: 'Good', ...more });

function learned(...seen: Fields[]): Facts {
  const facts = new Facts([]);
  for (const fields of seen) {
    const touch = touchOf('opcua', fields);
    assert.ok(touch);
    facts.judge(touch, true, { at: 1, frame: 1 });
    facts.say(touch, wordsOf(fields));
  }
  return facts;
}
const pointOf = (facts: Facts, what: string): Fact | undefined => facts.all().find((fact) => fact.kind === 'point' && fact.what === what);

test('tells readers, writers, callers and watchers of a node apart', () => {
  const seen = (['Read read', 'Write write', 'Call call', 'CreateMonitoredItems subscribe'] as const).map((both, i) => {
    const [service = '', access = ''] = both.split(' ');
    return doing(`10.0.0.${i + 1}`, service, access, node('ns=2;s=Pump'));
  });
  const fact = pointOf(learned(...seen, ...seen), 'ns=2;s=Pump');
  assert.deepEqual([fact?.readers, fact?.writers, fact?.callers, fact?.watchers], [['10.0.0.1'], ['10.0.0.2'], ['10.0.0.3'], ['10.0.0.4']]);
  assert.match(factText(fact as Fact), /read by 10\.0\.0\.1 and written by 10\.0\.0\.2 and called by 10\.0\.0\.3 and watched by 10\.0\.0\.4$/);
});

test('a method that was read but never called is new to a caller; a node that is read may be watched', () => {
  const facts = learned(doing('10.0.0.1', 'Read', 'read', node('ns=2;s=Start')));
  const verdict = (service: string, access: string) => {
    const touch = touchOf('opcua', doing('10.0.0.1', service, access, node('ns=2;s=Start')));
    return touch === null ? null : facts.judge(touch, false, { at: 2, frame: 2 })['baseline.point'];
  };
  assert.deepEqual(
    [verdict('Call', 'call'), verdict('Write', 'write'), verdict('CreateMonitoredItems', 'subscribe'), verdict('Read', 'read')],
    ['new', 'new', 'known', 'known'],
  );
});

test('names standard nodes and keeps the last value that is a word', () => {
  const facts = learned(
    doing('10.0.0.1', 'Read', 'read', node('i=2261', 'old'), node('ns=2;s=Recipe', 'A'), node('ns=2;s=Speed', 3)),
    doing('10.0.0.1', 'Write', 'write', node('ns=2;s=Recipe', 'B'), node('ns=2;s=Locked', 'C', { status: 'BadNotWritable' })),
    doing('10.0.0.1', 'Read', 'read', node('i=2261', 'x'.repeat(100)), node('ns=2;s=Speed', 'name', { attribute_id: 4 })),
  );
  const [product, recipe, speed, locked] = ['i=2261', 'ns=2;s=Recipe', 'ns=2;s=Speed', 'ns=2;s=Locked'].map((what) => pointOf(facts, what));
  assert.deepEqual([product?.name, product?.text], ['Server_ServerStatus_BuildInfo_ProductName', 'x'.repeat(64)]);
  assert.deepEqual([recipe?.name, recipe?.text, speed?.text, locked?.text], [undefined, 'B', undefined, undefined]);
});
