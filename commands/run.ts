import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { createServer } from 'node:http';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { getRequestListener } from '@hono/node-server';
import type { Status } from '../analyzer/coverage.ts';
import type { Decision } from '../analyzer/finding.ts';
import { scheduleJobs } from '../analyzer/jobs.ts';
import { listRules } from '../analyzer/rules/list.ts';
import type { Rule } from '../analyzer/rules/rule.ts';
import type { ShippingState } from '../analyzer/store/shipping/state.ts';
import { openSqlite } from '../analyzer/store/sqlite.ts';
import type { Store } from '../analyzer/store/store.ts';
import type { Tag } from '../analyzer/tags/tag.ts';
import { TagIndex } from '../analyzer/tags/tags.ts';
import { type Config, loadConfig, milliseconds, responseTimeout } from '../config.ts';
import { shared, suggestion, usable } from '../sensor/capture/interfaces.ts';
import { InputError } from '../sensor/capture/source.ts';
import { timestamp } from '../sensor/observation.ts';
import { type Accounts, openAccounts } from '../ui/accounts.ts';
import { createApp, type RuleSummary } from '../ui/app.ts';
import { summary } from './analyze.ts';
import { hasCluster } from './cluster.ts';
import { type Command, DONE, type Flags, print, say, textFlag } from './command.ts';
import { KEY_HELP, KEY_OPTIONS, keyPaths, keysOf } from './keyfiles.ts';
import { claim } from './lock.ts';
import { paced } from './pace.ts';
import { compileRules, learningTime, open, Pass, type PassOptions } from './pass.ts';
import { Progress } from './progress.ts';
import { Recorder } from './recorder.ts';
import { behind, startShipment } from './shipment.ts';
import { configureTags, notationFlag, readTagLists, TAG_HELP, TAG_OPTIONS, tagSource } from './taglists.ts';
import { VERSION } from './version.ts';
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
    const appliance = await start({ config, kept, from, rules, learn, frames, named, keys });
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

/** Tag lists of the configuration and the command line, and what is in them. */
type Named = { lists: string[]; tags: Tag[] };

/** What is looked at: captures, or an interface. */
type From = { files: string[] } | { capture: Omit<Live, 'keys'> };
type Live = NonNullable<PassOptions['live']>;

type Start = {
  config: Config;
  /** Accounts outlive the run. */
  kept: boolean;
  from: From;
  rules: ReturnType<typeof compileRules>;
  learn: number;
  frames: number;
  named: Named;
  /** Keys, read here or by the sensor's process. */
  keys: Pick<PassOptions, 'keys' | 'live' | 'captures'>;
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

const nameOf = (from: From): string => ('files' in from ? from.files.map((path) => basename(path)).join(', ') : from.capture.interfaces.join(', '));

async function start({ config, kept, from, rules, learn, frames, named, keys }: Start) {
  const state = stateDirectory(config.state);
  const release = claim(state);
  const path = join(state, 'stillwatch.db');
  const local = openSqlite(path);
  // Without a configuration somebody is trying things out: the accounts live as long as the process.
  const accounts = accountsIn(kept ? join(state, 'accounts.db') : ':memory:');
  const setupToken = randomBytes(16).toString('hex');
  const recorder = new Recorder(local, nameOf(from), new Progress(frames));
  const tags = await tagsOf(local, named);
  const pass = new Pass({
    rules,
    learn,
    baseline: null,
    responseTimeout: responseTimeout(config),
    ...keys,
    summary: milliseconds(config.summary),
    tags,
    onKept: (observation, seen) => recorder.keep(observation, seen),
    onBlock: (p) => recorder.block(p),
    onTrouble: (line) => say(`sensor: ${line}`),
  });
  recorder.state = 'files' in from ? 'replaying' : 'capturing';
  const retention = milliseconds(config.retention.observations) / 86_400_000;
  const own = (): Status => recorder.status(pass);
  /** A decision that the store has, for the analyzer to follow. */
  const follow = async (decision: Decision): Promise<void> => {
    pass.analyzer.decide(decision);
    if (decision.kind === 'tags') pass.analyzer.retag(new TagIndex(await local.tags({})));
  };
  const shipment = hasCluster(config)
    ? startShipment({
        config,
        path,
        local,
        onDecided: async (decisions) => {
          for (const decision of decisions) {
            await local.decide(decision);
            await follow(decision);
          }
        },
        said: () => ({ status: own(), rules: summaries(rules.rules, own()) }),
        version: VERSION,
        log: say,
      })
    : null;
  const store = shipment?.store ?? local;
  const status = (): Status => ({
    ...own(),
    ...(shipment === null ? {} : { shipping: shipment.shipping.state, local: shipment.store.reason(), retention }),
  });
  const app = createApp({
    store,
    accounts,
    status,
    rules: () => summaries(rules.rules, own()),
    decide: async (decision) => {
      await store.decide(decision);
      await follow(decision);
      shipment?.shipping.hurry();
    },
    ...(shipment === null ? {} : { replay: () => shipment.shipping.replay() }),
    now: () => new Date(),
    setupToken,
  });
  const server = createServer(getRequestListener(app.fetch));
  const address = await listen(server, config.listen);
  await welcome(accounts, address, kept, setupToken);
  const jobs = scheduleJobs({ store, retentionDays: retention, now: () => pass.sensor.clock, log: say });
  // Of a capture that is replayed the clock is another.
  const watching = shipment === null || 'files' in from ? null : setInterval(() => tellBehind(pass, shipment.shipping.state), LOOK_BEHIND).unref();
  return {
    pass,
    async work(speed: number, signal: AbortSignal) {
      if ('files' in from) await replay(pass, from.files, speed, signal);
      else await live(pass, from.capture.interfaces, signal);
      recorder.state = 'ended';
      await recorder.finish(pass);
      for (const warning of pass.warnings()) say(`warning: ${warning}`);
      const what = 'files' in from ? 'replay' : 'capture';
      say(`${what} ended: ${pass.sensor.frames.toLocaleString('en')} frames, ${pass.analyzer.findings.length} findings stored in ${state}`);
    },
    async stop() {
      jobs();
      if (watching !== null) clearInterval(watching);
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await shipment?.stop();
      await store.close();
      accounts.close();
      release();
    },
  };
}

/** How often (ms) it is looked whether shipping is behind. */
const LOOK_BEHIND = 30_000;

function tellBehind(pass: Pass, state: ShippingState): void {
  const now = Date.now();
  const waited = behind(state, now);
  if (waited > 0) pass.analyzer.tell({ kind: 'loss', '@timestamp': timestamp(now), 'loss.reason': 'shipping_behind', 'loss.duration': waited }, now);
}

async function replay(pass: Pass, files: string[], speed: number, signal: AbortSignal): Promise<void> {
  const source = paced(open(files), speed);
  const stop = (): void => {
    source.stop();
    pass.stopReading();
  };
  signal.addEventListener('abort', stop, { once: true });
  await pass.readAll(source);
}

/** Captures until the signal. */
async function live(pass: Pass, interfaces: readonly string[], signal: AbortSignal): Promise<void> {
  for (const name of interfaces) {
    const told = shared(name);
    if (told !== null) say(`${name}: ${told.says}: ${told.fix}`);
  }
  await pass.watch();
  say(
    `capturing: ${interfaces.join(', ')}${pass.sensor.confined?.seccomp === false ? ' (this kernel does not confine the sensor: see stillwatch doctor)' : ''}`,
  );
  const stopped = new Promise<void>((resolve) => (signal.aborted ? resolve() : signal.addEventListener('abort', () => resolve(), { once: true })));
  try {
    await Promise.race([stopped, pass.broken]);
  } catch (error) {
    await pass.abandon();
    throw error;
  }
  await pass.unwatch();
}

/** What values are called: by the lists named now, and by those that people brought in. */
async function tagsOf(store: Store, named: Named): Promise<TagIndex> {
  const files = named.lists.map((list) => tagSource(list).file);
  await configureTags(store, named.tags, files, new Date());
  return new TagIndex(await store.tags({}));
}

/** Rules as the console's page shows them. */
function summaries(rules: Rule[], status: Status): RuleSummary[] {
  const prose = new Map(rules.map((rule) => [rule.name, rule]));
  return listRules(rules, status).map((listed) => ({
    ...listed,
    description: prose.get(listed.name)?.description ?? '',
    blind: prose.get(listed.name)?.blind ?? '',
    why: prose.get(listed.name)?.why ?? '',
  }));
}

function stateDirectory(path: string): string {
  try {
    mkdirSync(path, { recursive: true, mode: 0o750 });
    return path;
  } catch (error) {
    throw new InputError(
      `state directory ${path} cannot be made (${(error as NodeJS.ErrnoException).code}); set STILLWATCH_STATE to a folder you may write to`,
    );
  }
}

function accountsIn(path: string): Accounts {
  try {
    return openAccounts(path);
  } catch (error) {
    throw new InputError(
      `${path}: the accounts cannot be read (${(error as Error).message}); bring the file back from a copy, or delete it and set the console up again`,
    );
  }
}

/** Resolves with the address to open once the server listens. */
function listen(server: ReturnType<typeof createServer>, address: string): Promise<string> {
  const colon = address.lastIndexOf(':');
  const host = address.slice(0, colon).replace(/^\[|\]$/g, '');
  const port = Number(address.slice(colon + 1));
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why = error.code === 'EADDRINUSE' ? 'the port is in use' : error.code === 'EACCES' ? 'ports below 1024 need a privilege' : error.code;
      reject(new InputError(`the console cannot listen on ${address}: ${why}; set STILLWATCH_LISTEN to another host:port`));
    });
    server.listen(port, host, () => {
      const bound = server.address();
      const actual = bound !== null && typeof bound === 'object' ? bound.port : port;
      resolve(`http://${host.includes(':') ? `[${host}]` : host}:${actual}/`);
    });
  });
}

/** Where the console is, and how to get in: an account of one's own, its making, or one for this run. */
async function welcome(accounts: Accounts, address: string, kept: boolean, setupToken: string): Promise<void> {
  if (kept) {
    say(`console:   ${address}`);
    if (accounts.count() === 0) say(`set-up:    ${address}setup?token=${setupToken}   (make the first administrator here)`);
    return;
  }
  const password = randomBytes(9).toString('base64url');
  await accounts.create('admin', password, 'administrator', { temporary: true });
  say(`console:   ${address}`);
  say(`user:      admin`);
  say(`password:  ${password}   (for this run only)`);
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
