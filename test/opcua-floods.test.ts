/** Floods of OPC UA servers (UA-39 to UA-42) and clocks that are off (UA-48), as frames from wire to finding. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { coerceNodeId } from 'node-opcua-nodeid';
import { compileRules, open, Pass, type Result } from '../commands/pass.ts';
import { pcap } from './lab/pcapfile.ts';
import { CLIENT, SERVER as HOST, type Step, talk } from './modbus-wire.ts';
import { OPENING } from './opcua-cases.ts';
import { createSubscription, type Exchange, exchange, good, header, messages, ua } from './opcua-service-bodies.ts';
import * as wire from './opcua-wire.ts';
import { type Frame, START } from './sense.ts';

const SERVER = { ...HOST, port: 4840 };
const rules = compileRules([]);

async function analysed(frames: readonly Frame[]): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), 'stillwatch-'));
  try {
    const path = join(folder, 'flood.pcap');
    writeFileSync(path, pcap(frames));
    const pass = new Pass({ rules, learn: 0, baseline: null });
    await pass.read(open([path]));
    return pass.result();
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const steps = (exchanges: readonly Exchange[]): Step[] =>
  exchanges.flatMap((one, i): Step[] => messages(one, i + 2).map(([side, bytes]): Step => [side === 0 ? '>' : '<', bytes]));

/** The same exchange again and again on one channel, `apart` ms from one to the next. */
const flood = (one: Exchange, times: number, apart = 10): Frame[] =>
  talk([...OPENING, ...steps(Array.from({ length: times }, () => one)).flatMap((step, i): Step[] => (i % 2 === 0 ? [apart, step] : [step]))], {
    server: SERVER,
  });

const found = ({ findings }: Result): string[] => findings.map(({ rule }) => rule.name);
const heldOf = ({ coverage }: Result): number | undefined => coverage.ceilings.find(({ name }) => name === 'bytes held for opcua')?.used;

async function only(name: string, frames: readonly Frame[], fewer: readonly Frame[]): Promise<void> {
  const [many, few] = [await analysed(frames), await analysed(fewer)];
  assert.deepEqual(
    found(many).filter((rule) => /flood/.test(rule)),
    [name],
  );
  assert.deepEqual(
    found(few).filter((rule) => /flood/.test(rule)),
    [],
  );
  assert.equal(heldOf(many), 0);
}

const session = (clock = new Date(START), status = 0): Exchange =>
  exchange(
    'CreateSession',
    [461, 464],
    new ua.CreateSessionRequest({ requestHeader: { requestHandle: 7, timestamp: clock }, sessionName: 'flood', requestedSessionTimeout: 60_000 }),
    new ua.CreateSessionResponse({ responseHeader: { requestHandle: 7, timestamp: clock, serviceResult: { value: status } as never } }),
  );

const refresh = exchange(
  'Call',
  [712, 715],
  new ua.CallRequest({ ...header, methodsToCall: [{ objectId: coerceNodeId('i=2782'), methodId: coerceNodeId('i=3875') }] }),
  new ua.CallResponse({ ...good, results: [{}] }),
);

describe('floods', () => {
  it('of channels: a connection each (UA-39)', () => {
    const connections = (count: number): Frame[] =>
      Array.from({ length: count }, (_, i) =>
        talk(
          [wire.hel(), wire.ack(), wire.openRequest(1), wire.openResponse(1, 100 + i)].map((bytes, k): Step => [k % 2 === 0 ? '>' : '<', bytes]),
          {
            client: { ...CLIENT, port: 41_000 + i },
            server: SERVER,
            from: START + i * 100,
          },
        ),
      ).flat();
    return only('opcua-channel-flood', connections(100), connections(59));
  });

  it('of sessions that nobody closes (UA-40)', () => only('opcua-session-flood', flood(session(), 40), flood(session(), 29)));

  it('of subscriptions (UA-41)', () => only('opcua-subscription-flood', flood(createSubscription(), 150), flood(createSubscription(), 150, 5000)));

  it('of calls of ConditionRefresh (UA-42; CVE-2023-27321)', () => only('opcua-condition-refresh-flood', flood(refresh, 30), flood(refresh, 30, 3000)));

  it('a server that has no session left says so', async () => {
    assert.ok(found(await analysed(flood(session(new Date(START), 0x80560000), 1))).includes('opcua-server-full'));
  });
});

describe('clocks (UA-48)', () => {
  const clocks = async (off: number): Promise<string[]> => found(await analysed(flood(session(new Date(START + off)), 1))).filter((rule) => /clock/.test(rule));

  it('an hour ahead, an hour behind', async () => {
    for (const off of [3_600_000, -3_600_000]) assert.deepEqual((await clocks(off)).sort(), ['opcua-client-clock', 'opcua-server-clock']);
  });

  it('four minutes are no matter', async () => assert.deepEqual(await clocks(240_000), []));
});
