/** Captures read by several sensors in processes of their own give what one sensor in this process gives, to the byte. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { compileRules, open, Pass, type Result } from '../commands/pass.ts';
import type { Observation } from '../sensor/observation.ts';
import { Readers } from '../sensor/process/readers.ts';
import { selfSigned } from './lab/certificate.ts';
import { SYN, tcpFrame } from './lab/frames.ts';
import { pcap } from './lab/pcapfile.ts';
import { adu, CLIENT, SERVER, type Step, talk } from './modbus-wire.ts';
import { ack, capture, certifiedOpen, hel, sealedOpen } from './opcua-wire.ts';
import { type Frame, framesOf, random, START } from './sense.ts';

const PLANT = fileURLToPath(new URL('captures/plant/plant.pcapng.gz', import.meta.url));
const SHARED = [
  'iti/ModbusTCP.pcap',
  'opcua-analyser/example.pcapng',
  'icsnpp-opcua-binary/open62541_client-server_mainloop.pcap',
  'malcolm-s4/Modicon.pcap',
  'zeek-modbus/modbus-and-non-modbus-p502.pcap',
];

const folder = mkdtempSync(join(tmpdir(), 'stillwatch-workers-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const rules = compileRules([]);

type Found = { result: Result; text: string };

/** The result, and everything that is kept one by one or summarised. */
async function found(files: readonly string[], workers: number): Promise<Found> {
  const kept: [Observation, number[]][] = [];
  const pass = new Pass({
    rules,
    learn: 30_000,
    baseline: null,
    summary: 60_000,
    onKept: (o, frames) => kept.push([o, frames]),
    ...(workers === 0 ? {} : { captures: { files, workers, keys: [] } }),
  });
  await pass.readAll(open(files));
  const result = pass.result();
  return { result, text: JSON.stringify([result, pass.analyzer.facts.all(), kept]) };
}

async function agree(files: readonly string[]): Promise<Result> {
  const alone = await found(files, 0);
  for (const workers of [1, 3]) assert.ok((await found(files, workers)).text === alone.text, `${workers} workers find something else`);
  return alone.result;
}

function file(name: string, frames: readonly Frame[]): string {
  const path = join(folder, name);
  writeFileSync(path, pcap(frames));
  return path;
}

/** Conversations of many devices, one behind the other in time, and each with requests that nobody answers. */
function many(): Frame[] {
  const steps: Step[] = Array.from({ length: 12 }, (_, n): Step[] => [
    ['>', adu(n, '03 0000 0002')],
    ...(n % 3 === 0 ? [] : [['<', adu(n, '03 04 0001 0002')] as Step]),
    700,
  ]).flat();
  const frames = Array.from({ length: 40 }, (_, n) => {
    const [client, server] = [
      { ...CLIENT, ip: `10.0.${n % 7}.5`, port: 40_000 + n },
      { ...SERVER, ip: `10.0.9.${n}` },
    ];
    return talk(steps, { client, server, close: n % 2 === 0, from: START + n * 3 });
  });
  return frames.flat().sort((a, b) => a.at - b.at);
}

/** Connections that nobody answers, over minutes: they end by themselves, at the same time as others do. */
function flood(): Frame[] {
  const next = random(3);
  const address = (): string => `10.${next(4)}.${next(4)}.${1 + next(250)}`;
  return Array.from({ length: 6000 }, (_, n) => ({
    at: START + n * 25,
    bytes: tcpFrame({ ...CLIENT, ip: address(), port: 1024 + next(60_000) }, { ...SERVER, ip: address(), port: 1 + next(600) }, { seq: 1, flags: SYN }),
  }));
}

/** Frames lost, doubled, delayed and damaged by chance, so that there are fragments, odd headers and holes. */
async function damaged(): Promise<Frame[]> {
  const next = random(99);
  return (await framesOf(PLANT)).slice(0, 6000).flatMap((frame) => {
    const chance = next(100);
    if (chance < 3) return [];
    if (chance < 6) return [frame, frame];
    if (chance < 7) return [{ ...frame, at: frame.at + next(5000) }];
    if (chance > 14) return [frame];
    const bytes = frame.bytes.slice();
    for (let n = next(4); n >= 0; n--) bytes[14 + next(bytes.length - 14)] = next(256);
    return [{ ...frame, bytes }];
  });
}

/** One application opens channels to many servers, and shows another certificate from the fourth on. */
function renewal(): Frame[] {
  const certificates = [0, 1].map(() => selfSigned('HMI', { uri: 'urn:plant:hmi' }).der);
  return Array.from({ length: 8 }, (_, n) => {
    const server = { ...SERVER, ip: `10.0.9.${n + 1}`, port: 4840 };
    const steps: Step[] = [
      ['>', hel()],
      ['<', ack()],
      ['>', certifiedOpen(0, certificates[n < 4 ? 0 : 1] as Uint8Array)],
      ['<', sealedOpen(5)],
    ];
    return talk(steps, { client: { ...CLIENT, port: 40_000 + n }, server, from: START + n * 1000 });
  }).flat();
}

describe('several workers find what one finds', () => {
  it('in the sample plant', async () => void (await agree([PLANT])));
  for (const name of SHARED) {
    const { path, skip } = capture(name);
    it(name, { skip }, async () => void (await agree([path])));
  }
  it('in conversations that wait for answers at the same time', async () => {
    const { findings, stats } = await agree([file('many.pcap', many())]);
    assert.ok(findings.some(({ rule }) => rule.name === 'modbus-timeout-known') || stats.transactions > 100);
  });
  it('in frames that chance has damaged', async () => {
    const { coverage } = await agree([file('damaged.pcap', await damaged())]);
    const pieces = coverage.ceilings.find(({ name }) => name === 'datagrams that stayed in pieces');
    assert.ok((pieces?.hit ?? 0) > 0, 'some look like fragments');
  });
  it('in channels of one application to many servers', async () => {
    const { findings } = await agree([file('renewal.pcap', renewal())]);
    assert.deepEqual(
      findings.filter(({ rule }) => rule.name === 'opcua-client-certificate-changed').map(({ count }) => count),
      [1],
    );
  });
  it('in a flood of connections that end at the same time', async () => {
    assert.ok((await agree([file('flood.pcap', flood())])).coverage.protocols.some(({ flows }) => flows > 5000));
  });
  it('in several files with time between them, and every frame twice in one of them', async () => {
    const twice = many().flatMap((frame) => [frame, { ...frame, at: frame.at + 0.01 }]);
    const later = many().map((frame) => ({ ...frame, at: frame.at + 7_200_000 }));
    const { findings } = await agree([file('twice.pcap', twice), file('later.pcap', later)]);
    const names = findings.map(({ rule }) => rule.name);
    assert.deepEqual(
      ['health-clock-step', 'health-duplicate-frames'].map((name) => names.includes(name)),
      [true, true],
    );
  });
});

describe('what goes wrong in a process that reads is one line', () => {
  const reading = (files: string[]): Promise<void> => new Readers({ files, responseTimeout: null, keys: [] }, 2, () => {}).read();
  it('a file that is no capture', () => assert.rejects(reading([fileURLToPath(import.meta.url)]), /workers\.test\.ts: /));
  it('a file that is not there', () => assert.rejects(reading([join(folder, 'none.pcap')]), /none\.pcap: no such file/));
  it('keys that are not there', () => {
    const readers = new Readers({ files: [PLANT], responseTimeout: null, keys: [join(folder, 'none.pem')] }, 1, () => {});
    return assert.rejects(readers.read(), /none\.pem/);
  });
  it('a process that dies', async () => {
    const readers = new Readers({ files: [PLANT], responseTimeout: null, keys: [] }, 2, () => {});
    const read = readers.read();
    process.kill(readers.pids[1] as number, 'SIGKILL');
    await assert.rejects(read, /the sensor's process ended before the capture did \(SIGKILL\)/);
  });
  it('whoever takes the batches fails', () => {
    const readers = new Readers({ files: [PLANT], responseTimeout: null, keys: [] }, 2, () => Promise.reject(new Error('the disk is full')));
    return assert.rejects(readers.read(), /the disk is full/);
  });
});
