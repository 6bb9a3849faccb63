import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { complete, type Value } from '../../sensor/observation.ts';
import { all, best } from '../asset.ts';
import { evidence } from './evidence.ts';
import { Inventory } from './inventory.ts';

const GATEWAY = '10.0.0.9';
const answer = (inventory: Inventory, unit: number, more: { [field: string]: Value } = {}, at = 1000): void => {
  const fields = {
    'source.ip': '10.0.0.5',
    'destination.ip': GATEWAY,
    'modbus.unit_id': unit,
    'modbus.function_code': 3,
    request_frame: 1,
    response_frame: 2,
    ...more,
  };
  evidence(inventory, complete('modbus', fields, at), at);
};
const identity = (vendor: string) => ({
  'modbus.function_code': 43,
  'modbus.mei_type': 14,
  'modbus.device_identification': { vendor_name: vendor, product_code: 'X' },
});
const addresses = (inventory: Inventory) => inventory.all().map((asset) => asset.address);
const polls = (...of: [unit: number, answers: number, lastAt: number][]) => of.map(([unit, answers, lastAt]) => ({ server: GATEWAY, unit, answers, lastAt }));

describe('units behind a server', () => {
  it('are devices where the server says that others cannot be reached', () => {
    const inventory = new Inventory(0);
    answer(inventory, 1, {}, 1000);
    answer(inventory, 3, {}, 2000);
    assert.deepEqual(addresses(inventory), ['10.0.0.5', GATEWAY]);
    answer(inventory, 7, { outcome: 'exception', 'modbus.exception_code': 11 }, 3000);
    assert.deepEqual(addresses(inventory), ['10.0.0.5', GATEWAY, `${GATEWAY}/1`, `${GATEWAY}/3`]);
    const [, gateway, first] = inventory.all();
    assert.deepEqual(
      [best(gateway!, 'role'), best(first!, 'gateway'), best(first!, 'unit_id'), first!.first_seen],
      ['gateway', GATEWAY, '1', '1970-01-01T00:00:01.000000Z'],
    );
  });

  it('are devices where they say different things of themselves, and what they say is theirs', () => {
    const inventory = new Inventory(0);
    answer(inventory, 1, identity('Acme'));
    answer(inventory, 2, identity('Other'));
    const [, gateway, one, two] = inventory.all();
    assert.deepEqual(
      [one, two].map((asset) => best(asset!, 'vendor')),
      ['Acme', 'Other'],
    );
    assert.deepEqual(all(gateway!, 'vendor'), []);
    assert.deepEqual(all(gateway!, 'unit_id'), ['1', '2']);
  });

  it('are devices where several are polled for long, not where each was asked once', () => {
    const inventory = new Inventory(0);
    for (let unit = 1; unit <= 24; unit++) answer(inventory, unit);
    inventory.units.recount(polls(...Array.from({ length: 24 }, (_, i): [number, number, number] => [i + 1, 1, 2000])));
    assert.equal(inventory.all().length, 2);
    inventory.units.recount(polls([1, 40, 5000], [2, 40, 6000]));
    const found = inventory.all();
    assert.equal(found.length, 26);
    assert.equal(found.find((asset) => asset.address === `${GATEWAY}/2`)?.last_seen, '1970-01-01T00:00:06.000000Z');
    assert.equal(inventory.size, 26);
  });

  it('is one device that answers under its own number, 0 and 255', () => {
    const inventory = new Inventory(0);
    for (const unit of [0, 1, 255]) answer(inventory, unit, identity('Acme'));
    inventory.units.recount(polls([0, 100, 1], [1, 100, 1], [255, 100, 1]));
    assert.deepEqual(addresses(inventory), ['10.0.0.5', GATEWAY]);
    assert.equal(best(inventory.get(GATEWAY)!, 'vendor'), 'Acme');
  });

  it('that cannot be reached are none', () => {
    const inventory = new Inventory(0);
    answer(inventory, 1);
    for (let unit = 2; unit < 10; unit++) answer(inventory, unit, { outcome: 'exception', 'modbus.exception_code': 11 });
    assert.deepEqual(addresses(inventory), ['10.0.0.5', GATEWAY]);
    assert.deepEqual(all(inventory.get(GATEWAY)!, 'unit_id'), ['1']);
  });

  it('come back from a baseline once, with their first date', () => {
    const before = new Inventory(0);
    answer(before, 1, identity('Acme'));
    answer(before, 2, identity('Other'));
    const inventory = new Inventory(0, before.all());
    answer(inventory, 1, identity('Acme'), 90_000);
    answer(inventory, 3, identity('Third'), 90_000);
    assert.deepEqual(addresses(inventory), ['10.0.0.5', GATEWAY, `${GATEWAY}/1`, `${GATEWAY}/3`, `${GATEWAY}/2`]);
    assert.equal(inventory.all()[2]?.first_seen, '1970-01-01T00:00:01.000000Z');
    const quiet = new Inventory(0, before.all());
    assert.deepEqual(addresses(quiet), ['10.0.0.5', GATEWAY, `${GATEWAY}/1`, `${GATEWAY}/2`]);
  });

  it('say whether they run', () => {
    const inventory = new Inventory(0);
    answer(inventory, 1, { 'modbus.function_code': 17, 'modbus.run_indicator': 'on', 'modbus.server_text': 'PLC-7' }, 1000);
    assert.deepEqual([best(inventory.get(GATEWAY)!, 'run_state'), best(inventory.get(GATEWAY)!, 'model')], ['run', 'PLC-7']);
    answer(inventory, 1, { 'modbus.function_code': 90, 'modbus.umas_function': 65, 'modbus.umas_name': 'stop_plc', 'modbus.umas_status': 'done' }, 2000);
    assert.equal(best(inventory.get(GATEWAY)!, 'run_state'), 'stop');
    answer(inventory, 1, { 'modbus.function_code': 90, 'modbus.umas_name': 'start_plc', 'modbus.umas_status': 'refused' }, 3000);
    assert.equal(best(inventory.get(GATEWAY)!, 'run_state'), 'stop');
  });
});
