import { setTimeout as sleep } from 'node:timers/promises';
import { type Config, loadConfig, milliseconds } from '../config.ts';
import { suggestion, usable } from '../sensor/capture/interfaces.ts';
import { InputError } from '../sensor/capture/source.ts';
import { summary } from './analyze.ts';
import { Appliance, type From } from './appliance.ts';
import { type Command, DONE, type Flags, print, say, textFlag } from './command.ts';
import { KEY_HELP, KEY_OPTIONS, keyPaths, keysOf } from './keyfiles.ts';
import { compileRules, learningTime, type PassOptions } from './pass.ts';
import { notationFlag, readTagLists, TAG_HELP, TAG_OPTIONS } from './taglists.ts';
import { readersOf, WORKERS_OPTIONS } from './workers.ts';

export const run: Command = {
  summary: 'the appliance: sensor, analyzer, store and console',
  help: `stillwatch run [--config FILE] --interface NAME | --replay FILE... [--learn TIME] [--speed N|max] [--for TIME] [--exit] [--json]

Runs the whole chain and serves the console. Findings land in the state directory (STILLWATCH_STATE, default ./state).
With a configuration file accounts are kept there too, and the first start prints where to make the administrator; without
one an administrator for this run only is made, and its password printed.

  --config FILE     configuration (YAML); every key also has an environment name, such as STILLWATCH_LISTEN
  --interface NAME  capture from this interface, a mirror port, or from several (a,b) as one, such as both sides of a tap; nothing
                    is ever sent to it. Needs CAP_NET_RAW
  --driver NAME     how frames are taken from it: ring (default), pcap or cap; \`stillwatch doctor\` says which work here
  --workers N       sensors that share the interface or, replaying as fast as it goes, the captures, each in a process of its own
                    (default 1, for captures 0: this one)
  --filter NAME     what the kernel leaves out: all (nothing, default), no-bulk (storage, backup, video), control (keeps only
                    industrial protocols on their usual ports)
  --replay FILE     read this capture instead of an interface; more captures may follow
  --learn TIME      how long each device is learned: a time (90s, 10m, 7d) or, for a replay, a share of it (default 30%, live 7d)
  --speed N|max     replay N times as fast as it was recorded (default max)
  --for TIME        stop after this time
  --exit            end when the replay is stored, instead of serving on
  --json            at the end print the object of \`analyze --json\`
${KEY_HELP}
${TAG_HELP}`,
  options: {
    config: { type: 'string' },
    interface: { type: 'string' },
    driver: { type: 'string' },
    filter: { type: 'string' },
    replay: { type: 'string' },
    learn: { type: 'string' },
    speed: { type: 'string' },
    for: { type: 'string' },
    exit: { type: 'boolean' },
    json: { type: 'boolean' },
    ...KEY_OPTIONS,
    ...WORKERS_OPTIONS,
    ...TAG_OPTIONS,
  },
  async run(paths, flags) {
    const config = loadConfig(textFlag(flags, 'config'), process.env, captureFlags(flags));
    const from = sourceOf(config, textFlag(flags, 'replay'), paths);
    const speed = speedOf(textFlag(flags, 'speed') ?? 'max');
    const limit = limitOf(textFlag(flags, 'for'));
    const rules = compileRules(config.rules);
    const { learn, frames } = await learned(textFlag(flags, 'learn') ?? config.learn, from);
    const lists = [...config.tags, ...((flags['tags'] as string[] | undefined) ?? [])];
    const named = { lists, tags: await readTagLists(lists, notationFlag(flags)) };
    const kept = textFlag(flags, 'config') !== undefined;
    const keys = 'files' in from ? replayed(from.files, speed, flags, config) : { live: { ...from.capture, keys: keyPaths(flags, config) } };
    const appliance = await Appliance.start({ config, kept, from, rules, learn, frames, named, keys });
    const stopped = new AbortController();
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopped.abort());
    if (limit !== null) setTimeout(() => stopped.abort(), limit).unref();
    try {
      await appliance.work(speed, stopped.signal);
      if (flags['exit'] !== true && !stopped.signal.aborted) await forever(stopped.signal);
    } finally {
      await appliance.stop();
    }
    if (flags['json'] === true) await print(`${JSON.stringify(appliance.pass.result())}\n`);
    else await print(summary(appliance.pass.result()));
    return DONE;
  },
};

/** Learning time of an interface when no time is given: a week has every shift and the weekend in it. */
const LIVE_LEARN = '7d';

/** What `--interface`, `--driver`, `--filter` and `--workers` say, by the keys they stand for. */
const captureFlags = (flags: Flags): { [key: string]: string } =>
  Object.fromEntries(
    ['interface', 'driver', 'filter', ...(textFlag(flags, 'replay') === undefined ? ['workers'] : [])].flatMap((name) =>
      typeof flags[name] === 'string' ? [[`capture.${name}`, flags[name] as string]] : [],
    ),
  );

function sourceOf({ capture }: Config, replay: string | undefined, more: string[]): From {
  if (replay !== undefined) return { files: [replay, ...more] };
  if (capture.interface === '') throw new InputError(`run needs --interface NAME (or capture.interface), or --replay FILE; ${suggestion()}`);
  // Checked here too: the sensor would say the same, but after the store was opened. Other systems than Linux name interfaces as libpcap does.
  const { interface: named, ...rest } = capture;
  const interfaces = named.split(',').map((name) => name.trim());
  if (process.platform === 'linux') for (const name of interfaces) usable(name);
  return { capture: { ...rest, interfaces } };
}

/** Who reads captures: in step with their times it is this process. */
function replayed(files: string[], speed: number, flags: Flags, config: Config): Pick<PassOptions, 'keys' | 'captures'> {
  return speed === Number.POSITIVE_INFINITY ? readersOf(files, flags, config) : { keys: keysOf(flags, config) };
}

async function learned(text: string, from: From): Promise<{ learn: number; frames: number }> {
  if ('files' in from) return learningTime(text, from.files, null);
  return learningTime(text.endsWith('%') ? LIVE_LEARN : text, [], null);
}

function speedOf(text: string): number {
  const speed = text === 'max' ? Number.POSITIVE_INFINITY : Number(text);
  if (!(speed > 0)) throw new InputError(`--speed takes a number above 0, or max, not "${text}"`);
  return speed;
}

function limitOf(text: string | undefined): number | null {
  if (text === undefined) return null;
  const limit = milliseconds(text);
  if (Number.isNaN(limit)) throw new InputError(`--for takes a time such as 20s or 10m, not "${text}"`);
  return limit;
}

async function forever(signal: AbortSignal): Promise<void> {
  say('the console goes on; end it with Ctrl-C');
  while (!signal.aborted) await sleep(86_400_000, undefined, { signal }).catch(() => {});
}
