import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Process } from './process.ts';

function seen(plant: Process, seconds: number): { least: number; most: number } {
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < seconds * 10; i++) {
    plant.step(0.1);
    least = Math.min(least, plant.state.level);
    most = Math.max(most, plant.state.level);
  }
  return { least, most };
}

test('the level swings around its set point, and a minute has seen the swing', () => {
  const plant = new Process();
  const minute = seen(plant, 60);
  const later = seen(plant, 600);
  assert.ok(minute.least > 49 && minute.most < 61, JSON.stringify(minute));
  assert.ok(later.least > minute.least - 1 && later.most < minute.most + 1, JSON.stringify({ minute, later }));
});

test('a set point out of reason fills the tank, and a pump without permission empties it', () => {
  const plant = new Process();
  plant.actuators.levelSetpoint = 95;
  assert.ok(seen(plant, 120).most > 90);
  plant.actuators.pumpEnabled = false;
  assert.ok(seen(plant, 240).least < 10);
});

test('the same steps give the same series', () => {
  const [a, b] = [new Process(), new Process()];
  assert.deepEqual(seen(a, 30), seen(b, 30));
  assert.deepEqual(a.state, b.state);
});
