/**
 * A sensor that reads captures as a process of its own, alone or one of several that share their conversations. Every one of them reads every frame and takes
 * those that are its own. Started by `readers.ts`.
 */
import { openFiles } from '../capture/file.ts';
import { InputError } from '../capture/source.ts';
import { MAX_OPERATIONS } from '../operations.ts';
import { loadKeys } from '../protocols/opcua/keys/load.ts';
import { Sensor } from '../sensor.ts';
import type { Share } from '../share.ts';
import { Outbox } from './crossing.ts';
import type { FromReader, ToSensor } from './message.ts';
import { VARIABLE } from './options.ts';

/** ms between two reports of how far it is. */
const REPORT_EVERY = 500;
/** Where `readers.ts` puts the file that batches cross in. */
const BATCHES = 4;

export type ReaderOptions = {
  files: readonly string[];
  share: Share;
  /** ms that a server may take to answer; null: learned. */
  responseTimeout: number | null;
  /** Files of OPC UA keys. */
  keys: readonly string[];
};

const send = (message: FromReader): void => void process.send?.(message, undefined, undefined, () => {});

async function read({ files, share, responseTimeout, keys: paths }: ReaderOptions): Promise<FromReader> {
  const keys = paths.length === 0 ? undefined : loadKeys(paths);
  const source = openFiles(files);
  const outbox = new Outbox(BATCHES);
  let told = 0;
  let first = Number.NaN;
  const sensor = new Sensor(
    (batch) => {
      told++;
      const { defined, reached } = order;
      send({ type: 'batch', place: outbox.write(batch, order), definitions: batch.definitions, details: batch.details, defined, reached });
    },
    { responseTimeout: responseTimeout ?? undefined, keys, share, operations: Math.floor(MAX_OPERATIONS / share.members) },
  );
  const order = sensor.order as NonNullable<typeof sensor.order>;
  sensor.interfaces = () => source.report.interfaces;
  process.on('message', (message: ToSensor) => {
    if (message.type === 'taken') outbox.taken(message.slot);
  });
  const how = (type: 'reading' | 'read'): FromReader => {
    const warnings = [...source.report.warnings, ...(keys?.warnings() ?? [])];
    return { type, frames: sensor.frames, first, clock: sensor.clock, coverage: sensor.coverage(), warnings };
  };
  let reported = performance.now();
  await source.frames((block) => {
    const before = told;
    if (Number.isNaN(first) && block.count > 0) first = block.at[0] as number;
    sensor.take(block);
    if (told === before) send({ type: 'reached', reached: order.reached });
    if (performance.now() - reported > REPORT_EVERY) {
      reported = performance.now();
      send(how('reading'));
    }
    return outbox.room();
  });
  sensor.end();
  return how('read');
}

// Being done it waits for its end, so that nothing it said is lost. The terminal sends Ctrl-C to all processes; the analyzer's ends this one.
process.on('SIGINT', () => {});
process.on('disconnect', () => process.exit(2));
read(JSON.parse(process.env[VARIABLE] ?? '{}') as ReaderOptions).then(
  (done) => send(done),
  (error: unknown) => {
    const message = error instanceof InputError ? error.message : String((error as Error).stack);
    send({ type: 'failed', message });
  },
);
