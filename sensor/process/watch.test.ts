/** Silence, drops and a downed interface are told once each, by the clock of the capture. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { adu, talk } from '../../test/modbus-wire.ts';
import { blockOf, START } from '../../test/sense.ts';
import { Block, type Interface, type Source } from '../capture/source.ts';
import type { Observation } from '../observation.ts';
import { Sensor } from '../sensor.ts';
import { SILENCE, Watch } from './watch.ts';

function watching() {
  const losses: Observation[] = [];
  const sensor = new Sensor((batch) => losses.push(...batch.details.filter(({ kind }) => kind === 'loss')));
  const on: Interface = { name: 'eth1', linktype: 1, dropped: 0, up: true };
  const source: Source = { report: { frames: 0, interfaces: [on], warnings: [] }, frames: () => Promise.reject(new Error('not here')), stop: () => {} };
  const watch = new Watch(sensor, source);
  const empty = new Block(new DataView(new ArrayBuffer(0)), 1);
  return {
    on,
    frames(at: number): void {
      sensor.take(blockOf(talk([['>', adu(1, '03 0000 0001')]], { from: at })));
      watch.look();
    },
    idle(until: number): void {
      empty.idleUntil = until;
      sensor.take(empty);
      watch.look();
    },
    told: () => losses.splice(0).map((o) => [o['loss.reason'], o['loss.frames'] ?? o['loss.duration'] ?? null]),
  };
}

it('a minute without a frame, once, and that traffic is back', () => {
  const { frames, idle, told } = watching();
  frames(START);
  idle(START + SILENCE - 1000);
  assert.deepEqual(told(), []);
  idle(START + SILENCE + 5000);
  idle(START + SILENCE + 65_000);
  assert.deepEqual(
    told().map(([reason]) => reason),
    ['no_traffic'],
  );
  frames(START + SILENCE + 100_000);
  assert.deepEqual(told(), [['traffic_back', SILENCE + 100_000]]);
  idle(START + SILENCE + 101_000);
  assert.deepEqual(told(), []);
});

it('an interface that never says anything is silent from the first look on', () => {
  const { idle, told } = watching();
  idle(START);
  idle(START + SILENCE + 1);
  assert.deepEqual(told(), [['no_traffic', SILENCE + 1]]);
});

it('drops as they are counted, and the interface going down and up', () => {
  const { on, frames, idle, told } = watching();
  frames(START);
  on.dropped = 12;
  idle(START + 1000);
  idle(START + 2000);
  on.dropped = 15;
  on.up = false;
  idle(START + 3000);
  on.up = true;
  idle(START + 4000);
  assert.deepEqual(told(), [
    ['kernel_drop', 12],
    ['kernel_drop', 3],
    ['interface_down', null],
    ['interface_up', null],
  ]);
});
