/** What the sensor tells of its own sight: by capture time, whatever blocks the frames come in. */
import assert from 'node:assert/strict';
import { it } from 'node:test';
import { adu, type Step, talk } from '../test/modbus-wire.ts';
import { type Frame, START, sense } from '../test/sense.ts';
import { ENOUGH, Health, Judge, MINUTE } from './health.ts';
import { ONE_SIDED } from './sensor.ts';
import { Tally } from './tally.ts';

const READ: Step = ['>', adu(1, '03 0000 0001')];
const ANSWER: Step = ['<', adu(1, '03 02 0005')];

const polls = (count: number): Step[] => Array.from({ length: count }, () => [READ, ANSWER]).flat();

/** Reason, interface, how many and of how many, in the order told; the same frame by frame as all at once. */
function told(frames: readonly Frame[]): unknown[][] {
  const losses = (each: boolean) =>
    sense(frames, { each })
      .observations.filter(({ kind }) => kind === 'loss')
      .map((o) => [o['loss.reason'], o['loss.interface'] ?? null, o['loss.frames'] ?? o['loss.duration'] ?? null, o['loss.of'] ?? null, o['frame']]);
  const [once, singly] = [losses(false), losses(true)];
  assert.deepEqual(singly, once);
  return once;
}

it('frames cut short, once a minute, while they are more than a hundredth', () => {
  const cut = (frames: Frame[], every: number): Frame[] => frames.map((frame, i) => (i % every === 0 ? { ...frame, length: frame.bytes.length + 400 } : frame));
  const later = (frames: Frame[]): Frame[] => frames.map((frame) => ({ ...frame, at: frame.at + MINUTE }));
  assert.deepEqual(told([...cut(talk(polls(100)), 50), ...later(cut(talk(polls(100)), 201))]), [['truncated', null, 5, 202, 202]]);
});

it('what cannot be decoded', () => {
  const odd = (frame: Frame, i: number): Frame => (i % 10 === 0 ? { ...frame, linktype: 147 } : frame);
  assert.deepEqual(
    told(talk(polls(60)).map(odd)).filter(([reason]) => reason === 'undecoded'),
    [['undecoded', null, 13, 122, 122]],
  );
});

it('a mirror that delivers twice, and not a sender that repeats', () => {
  const frames = talk(polls(60));
  const twice = frames.flatMap((frame) => [frame, { ...frame, at: frame.at + 0.01 }]);
  assert.deepEqual(told(twice), [['duplicates', null, 120, 244, 244]]);
  assert.deepEqual(told(frames), []);
});

it('each interface that is captured from by itself', () => {
  const tally = new Tally();
  const told: unknown[] = [];
  const judge = new Judge((reason, how) => told.push([reason, how]));
  const health = new Health(
    tally,
    () => [],
    (measure) => judge.judge(measure),
  );
  const interfaces = ['a', 'b'].map((name) => ({ name, linktype: 1, dropped: 0, driver: 'ring' as const }));
  for (let n = 0; n < 1000; n++) tally.frame(0, 60);
  for (let n = 0; n < 200; n++) tally.frame(1, 60);
  for (let n = 0; n < 5; n++) tally.truncated(1);
  health.tick(START, interfaces);
  health.tick(START + MINUTE, interfaces);
  assert.deepEqual(told, [['truncated', { frames: 5, of: 200, on: 'b' }]]);
});

it('a table that was full, as often as it newly was', () => {
  let hit = 0;
  const told: unknown[] = [];
  const judge = new Judge((reason, how) => told.push([reason, how]));
  const health = new Health(
    new Tally(),
    () => [
      { name: 'flows', limit: 10, used: 10, hit },
      { name: 'only counted', limit: 0, used: 0, hit: 5 },
    ],
    (measure) => judge.judge(measure),
  );
  for (const [minute, so] of [0, 7, 7, 9].entries()) {
    hit = so;
    health.tick(START + minute * MINUTE, []);
  }
  assert.deepEqual(told, [
    ['ceiling', { table: 'flows', times: 7 }],
    ['ceiling', { table: 'flows', times: 2 }],
  ]);
});

it('says nothing of a share of few frames', () => {
  const few = talk(polls(30)).flatMap((frame) => [frame, { ...frame, at: frame.at + 0.01 }]);
  assert.ok(few.length > ENOUGH);
  assert.deepEqual(told(few.slice(0, ENOUGH - 2)), []);
});

it('a connection of which only one side is seen, once', () => {
  const frames = talk(
    Array.from({ length: ONE_SIDED + 10 }, () => READ),
    { handshake: false },
  );
  assert.deepEqual(told(frames), [['one_sided', null, null, null, ONE_SIDED]]);
  const { observations } = sense(frames);
  const one = observations.find((o) => o['loss.reason'] === 'one_sided');
  assert.deepEqual([one?.['source.ip'], one?.['destination.ip'], one?.['network.protocol']], ['10.0.0.9', '10.0.0.5', 'modbus']);
});

it('a clock that was set back, or leapt', () => {
  const at = (from: number): Frame[] => talk([READ, ANSWER], { from, handshake: false });
  const frames = [...at(START), ...at(START - 7_200_000), ...at(START + 7_200_000), ...at(START + 7_260_000)];
  assert.deepEqual(
    told(frames)
      .filter(([reason]) => reason === 'clock_step')
      .map(([, , by]) => by),
    [-7_200_001, 14_399_999],
  );
});
