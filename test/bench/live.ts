/**
 * npm run bench -- live [FRAMES]: live capture as fast as the sender on this machine sends, by each driver and with everything on, beside `tcpdump -w` on the same wire;
 * then how long it takes from a frame to its finding in the store. Needs root, iproute2, tcpreplay and tcpdump.
 */
import { execFileSync, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openSqlite } from '../../analyzer/store/sqlite.ts';
import { compileRules, Pass } from '../../commands/pass.ts';
import { Progress } from '../../commands/progress.ts';
import { Recorder } from '../../commands/recorder.ts';
import type { DriverName } from '../../sensor/capture/source.ts';
import type { Fleet } from '../../sensor/process/fleet.ts';
import { RemoteSensor } from '../../sensor/process/remote.ts';
import { type Host, tcpFrame } from '../lab/frames.ts';
import { until, Wire } from '../live/wire.ts';
import { adu } from '../modbus-wire.ts';
import { generate } from './generate.ts';

/** Clock ticks of /proc a second. */
const TICKS = 100;
const FLOWS = 64;
/** Larger frames are put together one by one, in memory. */
const LARGE = 400_000;
/** Writes whose way to the store is timed, and ms between them. */
const WRITES = 200;
const APART = 37;

/** ms of processor time that a process used. */
function used(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS;
}

const per = (ms: number, frames: number): string => `${Math.round((ms * 1e6) / frames)} ns`;

type Sent = { wire: Wire; file: string; frames: number };

async function send({ wire, file, frames }: Sent): Promise<string> {
  const begin = performance.now();
  await wire.send(file);
  return `${(frames / (performance.now() - begin) / 1000).toFixed(2)} M frames/s sent`;
}

async function driver(sent: Sent, name: DriverName): Promise<void> {
  const options = { interfaces: [sent.wire.name], driver: name, filter: 'all', ring: 64, responseTimeout: null, keys: [], fanout: null };
  const sensor = new RemoteSensor(options, { batch() {}, status() {}, trouble: (line) => console.log(line), failed: (error) => console.log(error) });
  await sensor.start();
  const before = [used(sensor.pid), used(process.pid)] as const;
  const rate = await send(sent);
  await settled(() => sensor.frames);
  const spent = [used(sensor.pid) - before[0], used(process.pid) - before[1]] as const;
  await sensor.stop();
  const lost = sensor.coverage().interfaces[0]?.dropped;
  console.log(
    `${name.padEnd(10)} ${rate}, ${sensor.frames} taken, ${lost ?? 'unknown'} dropped; sensor ${per(spent[0], sensor.frames)}, crossing ${per(spent[1], sensor.frames)} of CPU a frame`,
  );
}

/** Makes the capture of large reads in a process of its own, since this one's memory is measured. */
function elsewhere(path: string, frames: number): void {
  const program = `import { largeReads } from ${JSON.stringify(new URL('./mixed.ts', import.meta.url))}; largeReads(${JSON.stringify(path)}, ${frames});`;
  execFileSync(process.execPath, ['--input-type=module', '-e', program]);
}

/** Waits until a count stands still. */
async function settled(count: () => number): Promise<void> {
  for (let last = -1; last !== count(); ) {
    last = count();
    await sleep(1500);
  }
}

async function everything(sent: Sent): Promise<void> {
  const live = { interfaces: [sent.wire.name], driver: 'ring' as const, filter: 'all', ring: 64, keys: [] };
  const store = openSqlite(join(sent.wire.folder, `bench-${sent.frames}.db`));
  const recorder = new Recorder(store, 'bench', new Progress(0));
  const pass = new Pass({
    rules: compileRules([]),
    learn: 3_600_000,
    baseline: null,
    live,
    summary: 300_000,
    onKept: (o, frames) => recorder.keep(o, frames),
    onBlock: (p) => recorder.block(p),
  });
  await pass.watch();
  const pid = (pass.sensor as Fleet).sensors[0]?.pid ?? 0;
  const before = [used(pid), used(process.pid)] as const;
  const rate = await send(sent);
  await settled(() => pass.sensor.frames);
  const spent = [used(pid) - before[0], used(process.pid) - before[1]] as const;
  const { frames } = pass.sensor;
  const memory = (of: number): number => Math.round(Number(/VmHWM:\s*(\d+)/.exec(readFileSync(`/proc/${of}/status`, 'utf8'))?.[1]) / 1024);
  const peaks = `${memory(pid)} + ${memory(process.pid)} MB`;
  await pass.unwatch();
  await store.close();
  const lost = pass.coverage().interfaces[0]?.dropped;
  console.log(
    `all of it  ${rate}, ${frames} taken, ${lost} dropped; sensor ${per(spent[0], frames)}, analyzer and store ${per(spent[1], frames)} of CPU a frame; peak ${peaks}`,
  );
}

async function tcpdump(sent: Sent): Promise<void> {
  const child = spawn('tcpdump', ['-i', sent.wire.name, '-s', '0', '-B', '65536', '-Z', 'root', '-w', join(sent.wire.folder, 'dump.pcap')], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (data) => {
    said += String(data);
  });
  await until('tcpdump', () => said.includes('listening'));
  const rate = await send(sent);
  await sleep(2000);
  const spent = used(child.pid as number);
  child.kill('SIGINT');
  await new Promise((resolve) => child.on('exit', resolve));
  const number = (what: string): string => new RegExp(`(\\d+) packets? ${what}`).exec(said)?.[1] ?? '?';
  console.log(`tcpdump -w ${rate}, ${number('captured')} taken, ${number('dropped by kernel')} dropped; ${per(spent, sent.frames)} of CPU a frame`);
}

const CLIENT: Host = { mac: '02:00:00:00:00:05', ip: '10.1.0.5', port: 40_000 };
const SERVER: Host = { mac: '02:00:00:00:00:09', ip: '10.1.0.9', port: 502 };

/** ms from a frame's arrival to its finding in the store: each write goes to a device that was never written to. */
async function latency(wire: Wire): Promise<void> {
  const store = openSqlite(join(wire.folder, 'latency.db'));
  const recorder = new Recorder(store, 'bench', new Progress(0));
  const live = { interfaces: [wire.name], driver: 'ring' as const, filter: 'all', ring: 16, keys: [] };
  const waits: number[] = [];
  const { save } = store;
  store.save = (what) => {
    const done = save.call(store, what);
    for (const finding of what.findings ?? []) if (finding.rule.name === 'modbus-write-new-client') waits.push(Date.now() - Date.parse(finding.last_seen));
    return done;
  };
  const pass = new Pass({ rules: compileRules([]), learn: 0, baseline: null, live, onBlock: (p) => recorder.block(p) });
  await pass.watch();
  for (let n = 0; n < WRITES; n++) {
    const server = { ...SERVER, ip: `10.1.${n >> 8}.${n & 255 || 1}` };
    const request = adu(n + 1, '06 0001 0005');
    const frames = [
      tcpFrame(CLIENT, server, { seq: 1, ack: 1, flags: 0x18, payload: request }),
      tcpFrame(server, CLIENT, { seq: 1, ack: 1 + request.length, flags: 0x18, payload: request }),
    ].map((bytes) => ({ at: 0, bytes }));
    await wire.send(wire.file(frames));
    await sleep(APART);
  }
  await sleep(500);
  await pass.unwatch();
  await store.close();
  waits.sort((a, b) => a - b);
  const at = (share: number): number => waits[Math.min(waits.length - 1, Math.floor(waits.length * share))] ?? Number.NaN;
  console.log(`frame to stored finding: ${waits.length} findings, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, longest ${at(1)} ms`);
}

/** `FRAMES` as given on the command line. */
export async function bench([frames = 1_000_000]: number[]): Promise<void> {
  if (process.getuid?.() !== 0) {
    console.error('the bench of live capture makes a network of its own: run it as root');
    process.exitCode = 2;
    return;
  }
  const wire = new Wire();
  try {
    const file = join(wire.folder, 'polls.pcap');
    generate(file, frames, FLOWS);
    const sent = { wire, file, frames };
    console.log(`${frames} frames of Modbus polls in ${FLOWS} flows over a pair of interfaces; sender and receiver share this machine`);
    await tcpdump(sent);
    for (const name of ['ring', 'pcap', 'cap'] as const) await driver(sent, name);
    await everything(sent);
    const large = { ...sent, file: join(wire.folder, 'reads.pcap'), frames: Math.min(frames, LARGE) };
    elsewhere(large.file, large.frames);
    console.log(`${large.frames} frames of reads of 125 registers`);
    await everything(large);
    await latency(wire);
  } finally {
    wire.remove();
  }
}
