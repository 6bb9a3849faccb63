/**
 * The sensor as a process of its own. It opens the ring, gives up every privilege by replacing itself with a fresh program that inherits the ring
 * alone, has the kernel refuse what it never does, and hands batches to the analyzer. Started by `remote.ts`.
 */
import { fileURLToPath } from 'node:url';
import { openCap } from '../capture/cap.ts';
import { usable } from '../capture/interfaces.ts';
import { linux } from '../capture/linux.ts';
import { Merged } from '../capture/merged.ts';
import { openPcap } from '../capture/pcap.ts';
import { openRing, Ring } from '../capture/ring.ts';
import { InputError, type Source } from '../capture/source.ts';
import { MAX_OPERATIONS } from '../operations.ts';
import { loadKeys } from '../protocols/opcua/keys/load.ts';
import { Sensor } from '../sensor.ts';
import { confine, giveUpPrivileges } from './confine.ts';
import { Outbox } from './crossing.ts';
import { type Confined, EAGER, type ToAnalyzer, type ToSensor } from './message.ts';
import { type OpenedOptions, VARIABLE } from './options.ts';
import { Watch } from './watch.ts';

/** ms between two reports of how it goes. */
const REPORT_EVERY = 500;
/** Where `remote.ts` puts the channel to the analyzer. */
const CHANNEL = 3;
/** And the file that batches cross in. */
const BATCHES = 4;

const send = (message: ToAnalyzer): void => void process.send?.(message, undefined, undefined, () => {});

/** First life: with the privilege to capture, and for as short as possible. */
async function opener(options: OpenedOptions): Promise<void> {
  const calls = await linux();
  // A group is one of an interface: each needs a number of its own.
  const share = (i: number) => (options.fanout === null ? null : { ...options.fanout, group: ((options.fanout.group + i) % 65_535) + 1 });
  const opened = options.interfaces.map((name, i) => openRing(calls, usable(name), { filter: options.filter, mib: options.ring, fanout: share(i) }));
  for (const { fd } of opened) calls.keepOnExec(fd);
  calls.keepOnExec(CHANNEL);
  calls.keepOnExec(BATCHES);
  giveUpPrivileges(calls);
  const environment = { ...process.env, NODE_CHANNEL_FD: String(CHANNEL), NODE_CHANNEL_SERIALIZATION_MODE: 'advanced' };
  const own = { ...environment, [VARIABLE]: JSON.stringify({ ...options, opened }) };
  calls.exec(
    process.execPath,
    [process.execPath, ...process.execArgv, fileURLToPath(import.meta.url)],
    Object.entries(own).map(([name, value]) => `${name}=${value}`),
  );
}

/** Second life: frames in, batches out. */
async function capture(options: OpenedOptions, source: Source, confined: () => Promise<Confined>): Promise<void> {
  const keys = options.keys.length === 0 ? undefined : loadKeys(options.keys);
  const how = await confined();
  const outbox = new Outbox(BATCHES);
  const sensor = new Sensor(
    (batch) => {
      const place = outbox.write(batch);
      send({ type: 'batch', place, definitions: batch.definitions, details: batch.details });
    },
    {
      responseTimeout: options.responseTimeout ?? undefined,
      keys,
      frames: options.frames,
      operations: Math.floor(MAX_OPERATIONS / (options.fanout?.members ?? 1)),
    },
  );
  sensor.interfaces = () => source.report.interfaces;
  const watch = new Watch(sensor, source);
  const report = (): void => {
    const warnings = [...source.report.warnings, ...(keys?.warnings() ?? [])];
    send({ type: 'status', frames: sensor.frames, clock: sensor.clock, coverage: sensor.coverage(), warnings, confined: how });
  };
  process.on('message', (message: ToSensor) => {
    if (message.type === 'stop') source.stop();
    else outbox.taken(message.slot);
  });
  process.on('disconnect', () => source.stop());
  const timer = setInterval(report, REPORT_EVERY);
  send({ type: 'ready', confined: how });
  await source.frames((block) => {
    sensor.take(block, outbox.underWay < EAGER);
    watch.look();
    return outbox.room();
  });
  clearInterval(timer);
  sensor.end();
  report();
}

const asOne = (sources: Source[]): Source => (sources.length === 1 ? (sources[0] as Source) : new Merged(sources));

/** A driver that opens the interface itself: there is no descriptor to hand over to a fresh program, so this one gives up what it can. */
async function library(options: OpenedOptions): Promise<void> {
  const open = options.driver === 'pcap' ? openPcap : openCap;
  const sources = await Promise.all(options.interfaces.map((name) => open(name, options.filter)));
  await capture(options, asOne(sources), async () => {
    if (process.platform !== 'linux') return { capabilities: '', seccomp: false };
    const calls = await linux();
    giveUpPrivileges(calls);
    return confine(calls, []);
  });
}

async function main(): Promise<void> {
  const options = JSON.parse(process.env[VARIABLE] ?? '{}') as OpenedOptions;
  const { driver, opened } = options;
  if (driver !== 'ring') return library(options);
  if (opened === undefined) return opener(options);
  const calls = await linux();
  const rings = opened.map((ring) => new Ring(calls, ring));
  const descriptors = opened.map(({ fd }) => fd);
  await capture(options, asOne(rings), async () => confine(calls, descriptors));
}

// The terminal sends Ctrl-C to both processes; the analyzer says when to stop.
process.on('SIGINT', () => {});
main().then(
  // The packages of the other drivers keep the event loop alive after they are closed, and may crash while they are unloaded: there is nothing left to lose.
  () => process.send?.({ type: 'ended' } satisfies ToAnalyzer, undefined, undefined, () => process.kill(process.pid, 'SIGKILL')),
  (error: unknown) => {
    const message = error instanceof InputError ? error.message : String((error as Error).stack);
    process.send?.({ type: 'failed', message } satisfies ToAnalyzer, undefined, undefined, () => process.exit(2));
  },
);
