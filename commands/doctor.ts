/** `stillwatch doctor`: what works here, what does not, and the fix. */
import { accessSync, constants, readFileSync, statfsSync } from 'node:fs';
import { type Config, hasCluster, loadConfig } from '../config.ts';
import { loadCap } from '../sensor/capture/cap.ts';
import { allInterfaces, concerns, likelyMirror, type NetworkInterface, networkInterface, shared, suggestion } from '../sensor/capture/interfaces.ts';
import { linux } from '../sensor/capture/linux.ts';
import { loadPcap } from '../sensor/capture/pcap.ts';
import { type Command, DONE, FOUND, print, textFlag } from './command.ts';

/** `fail` keeps it from capturing, `warn` makes it see less or be less passive. */
type Check = { name: string; state: 'ok' | 'warn' | 'fail'; says: string; fix?: string };

const MARKS = { ok: 'ok  ', warn: 'warn', fail: 'FAIL' } as const;
/** linux/capability.h */
const CAP_NET_RAW = 13n;
/** Bytes below which the disk of the state directory is worth a word. */
const ROOM = 1_073_741_824;

/** ms that each answer of a cluster may take. */
const PATIENCE = 5000;

const ok = (name: string, says: string): Check => ({ name, state: 'ok', says });

async function driver(name: string, load: () => Promise<unknown>, says: string, needed: boolean): Promise<Check> {
  try {
    await load();
    return ok(`driver ${name}`, says);
  } catch (error) {
    return { name: `driver ${name}`, state: needed ? 'fail' : 'warn', says: (error as Error).message };
  }
}

const drivers = (chosen: string): Promise<Check[]> =>
  Promise.all([
    driver('ring', linux, 'kernel timestamps, drops counted, nothing copied', chosen === 'ring'),
    driver('pcap', loadPcap, "libpcap's timestamps and drop counts; filter expressions", chosen === 'pcap'),
    driver('cap', loadCap, 'last resort: times of the callback, drops unknown', chosen === 'cap'),
  ]);

function privilege(): Check {
  const name = 'privilege';
  const mask = /^CapEff:\s*([0-9a-f]+)/m.exec(read('/proc/self/status'))?.[1];
  if (mask === undefined) return { name, state: 'warn', says: 'capabilities are not told on this system' };
  if (((BigInt(`0x${mask}`) >> CAP_NET_RAW) & 1n) === 1n) return ok(name, 'CAP_NET_RAW is there; the sensor gives it up once it captures');
  return {
    name,
    state: 'fail',
    says: 'CAP_NET_RAW is missing',
    fix: 'start it as a service (deploy/systemd), as root, or: sudo setcap cap_net_raw=eip $(readlink -f node_modules/.bin/node)',
  };
}

function confinement(): Check {
  const there = read('/proc/sys/kernel/seccomp/actions_avail').includes('errno') && ['x64', 'arm64'].includes(process.arch);
  const says = there
    ? 'the kernel will refuse the sensor to send, listen, write files or start programs'
    : 'this kernel cannot filter the system calls of the sensor';
  return { name: 'confinement', state: there ? 'ok' : 'warn', says };
}

const read = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
};

function interfaces(wanted: string): Check[] {
  const found = wanted === '' ? likelyMirror(allInterfaces()) : networkInterface(wanted);
  const name = `interface ${wanted || (found?.name ?? '')}`.trim();
  if (found === null) return [{ name, state: 'fail', says: wanted === '' ? 'none looks like a mirror port' : 'there is none of that name', fix: suggestion() }];
  return [state(name, found), ...concerns(found).map(({ what, fix }): Check => ({ name, state: 'warn', says: what, fix })), ...others(name, found.name)];
}

function state(name: string, { kind, up, mtu, received, transmitted }: NetworkInterface): Check {
  const says = `${kind}, ${up ? 'up' : 'down'}, MTU ${mtu}, ${received.toLocaleString('en')} frames received, ${transmitted.toLocaleString('en')} sent`;
  if (['bridge', 'tunnel', 'other'].includes(kind)) return { name, state: 'fail', says: `${says}: no place to capture from`, fix: suggestion() };
  return up ? ok(name, says) : { name, state: 'fail', says, fix: `ip link set ${name.split(' ')[1]} up` };
}

function others(name: string, on: string): Check[] {
  const told = shared(on);
  return told === null ? [] : [{ name, state: 'warn', ...told }];
}

function directory(path: string): Check {
  const name = `state ${path}`;
  try {
    accessSync(path, constants.W_OK | constants.X_OK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return ok(name, 'is made when first needed');
    return { name, state: 'fail', says: 'cannot be written to', fix: 'set STILLWATCH_STATE to a folder you may write to' };
  }
  const { bavail, bsize } = statfsSync(path);
  const says = `${((Number(bavail) * bsize) / 1e9).toFixed(1)} GB free`;
  return Number(bavail) * bsize > ROOM ? ok(name, says) : { name, state: 'warn', says, fix: 'make room, or shorten retention.observations' };
}

async function clock(): Promise<Check> {
  const name = 'clock';
  try {
    if ((await linux()).clockIsKept()) return ok(name, 'is kept by a time service');
  } catch (error) {
    return { name, state: 'warn', says: `whether it is kept right cannot be told here (${(error as Error).message})` };
  }
  return { name, state: 'warn', says: 'nobody keeps it right', fix: 'run chrony or systemd-timesyncd: evidence needs right times' };
}

async function elasticsearch(config: Config): Promise<Check[]> {
  if (!hasCluster(config)) return [];
  const [{ clusterScope }, { examine }] = await Promise.all([import('./cluster.ts'), import('../analyzer/store/elastic/examine.ts')]);
  const scope = clusterScope(config, config.site, PATIENCE);
  const answers = await examine(scope);
  await scope.client.close();
  return answers.map(({ question, state, says, fix }) => ({
    name: `elasticsearch ${question}`,
    state: state === 'unknown' ? 'warn' : state,
    says,
    ...(fix === undefined ? {} : { fix }),
  }));
}

function line({ name, state, says, fix }: Check): string {
  return `${MARKS[state]}  ${name}: ${says}${fix === undefined ? '' : `\n      fix: ${fix}`}`;
}

export const doctor: Command = {
  summary: 'what works here, what does not, and the fix',
  help: `stillwatch doctor [--config FILE] [--interface NAME] [--json]

Checks the drivers, the privilege to capture, the interface (is it up, is it passive, who else listens), the state directory,
the clock, and Elasticsearch where one is configured (reachable, version, rights, clock, templates, room). Changes nothing, and sends
nothing but these questions to Elasticsearch. Exit 1 when something keeps it from capturing or shipping.

  --config FILE     configuration whose interface, driver and state directory are looked at
  --interface NAME  look at this interface; without one, at the one that looks like a mirror port
  --json            the checks as an array`,
  options: { config: { type: 'string' }, interface: { type: 'string' }, json: { type: 'boolean' } },
  async run(_paths, flags) {
    const named = textFlag(flags, 'interface');
    const config = loadConfig(textFlag(flags, 'config'), process.env, named === undefined ? {} : { 'capture.interface': named });
    const { capture, state: folder } = config;
    const checks: Check[] = [
      ok('node', `${process.version} on ${process.platform} ${process.arch}`),
      ...(await drivers(capture.driver)),
      privilege(),
      confinement(),
      ...capture.interface.split(',').flatMap((name) => interfaces(name.trim())),
      directory(folder),
      await clock(),
      ...(await elasticsearch(config)),
    ];
    await print(flags['json'] === true ? `${JSON.stringify(checks)}\n` : `${checks.map(line).join('\n')}\n`);
    return checks.some((check) => check.state === 'fail') ? FOUND : DONE;
  },
};
