/** Ports that are used again: what the new connection says must be seen, wherever its numbers begin. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ACK, PSH, SYN, tcpFrame } from '../../test/lab/frames.ts';
import { adu, CLIENT, SERVER } from '../../test/modbus-wire.ts';
import { type Frame, START, sense } from '../../test/sense.ts';

const READ = adu(1, '03 0000 0001');
const ANSWER = adu(1, '03 02 0005');
const NONE = new Uint8Array(0);

type Numbers = { client: number; server: number; at?: number; without?: readonly ('SYN' | 'SYN/ACK')[]; polls?: number };

/** A connection that nobody closes. */
function connection({ client, server, at = START, without = [], polls = 3 }: Numbers): Frame[] {
  const frames: Frame[] = [];
  const put = (from: '>' | '<', seq: number, flags: number, payload: Uint8Array): void => {
    const [a, b] = from === '>' ? [CLIENT, SERVER] : [SERVER, CLIENT];
    frames.push({ at: at + frames.length, bytes: tcpFrame(a, b, { seq: seq >>> 0, flags, payload }) });
  };
  if (!without.includes('SYN')) put('>', client, SYN, NONE);
  if (!without.includes('SYN/ACK')) put('<', server, SYN | ACK, NONE);
  for (let n = 0; n < polls; n++) {
    put('>', client + 1 + n * READ.length, ACK | PSH, READ);
    put('<', server + 1 + n * ANSWER.length, ACK | PSH, ANSWER);
  }
  return frames;
}

const outcomes = (frames: readonly Frame[]): unknown[] =>
  sense(frames)
    .observations.filter((o) => o.kind === 'modbus')
    .map((o) => o['outcome']);
const flows = (frames: readonly Frame[]): number => sense(frames).observations.filter((o) => o['flow.event'] === 'start').length;
const answered = (count: number): string[] => Array(count).fill('answered');

const FIRST = { client: 1_000_000, server: 5_000_000 };
const LATER = START + 60_000;

describe('another connection on the same ports', () => {
  for (const [where, client] of [
    ['right behind the first one', FIRST.client - 20],
    ['within the first one', FIRST.client + 12],
    ['a megabyte behind', FIRST.client - 1_000_000],
    ['ahead', FIRST.client + 100_000],
    ['half the numbers away', FIRST.client + 2_000_000_000],
  ] as const) {
    for (const server of [FIRST.server, FIRST.server - 500, FIRST.server + 7]) {
      it(`begins ${where}, its answers at ${server}`, () => {
        const frames = [...connection(FIRST), ...connection({ client, server, at: LATER })];
        assert.deepEqual([outcomes(frames), flows(frames)], [answered(6), 2]);
      });
    }
  }
  it('of which the SYN was not captured, but its answer was', () => {
    const frames = [...connection(FIRST), ...connection({ client: FIRST.client - 40, server: FIRST.server - 40, at: LATER, without: ['SYN'] })];
    assert.deepEqual([outcomes(frames), flows(frames)], [answered(6), 2]);
  });
  it('after one that was joined midway', () => {
    const frames = [
      ...connection({ ...FIRST, without: ['SYN', 'SYN/ACK'] }),
      ...connection({ client: FIRST.client - 40, server: FIRST.server - 40, at: LATER }),
    ];
    assert.deepEqual([outcomes(frames), flows(frames)], [answered(6), 2]);
  });
});

describe('the same connection', () => {
  const frames = connection(FIRST);
  const [syn, answer, ...rest] = frames as [Frame, Frame, ...Frame[]];
  const same = (name: string, some: readonly Frame[]) =>
    it(name, () => {
      const timed = some.map((frame, i) => ({ ...frame, at: START + i }));
      assert.deepEqual([outcomes(timed), flows(timed)], [answered(3), 1]);
    });
  same('whose SYN comes again late', [syn, answer, ...rest.slice(0, 3), syn, ...rest.slice(3)]);
  same('whose SYN is answered again late', [syn, answer, ...rest.slice(0, 3), answer, ...rest.slice(3)]);
  same('whose SYN comes behind its first request', [answer, rest[0] as Frame, syn, ...rest.slice(1)]);
  same('whose answer to the SYN comes behind its first response', [syn, rest[0] as Frame, rest[1] as Frame, answer, ...rest.slice(2)]);
});
