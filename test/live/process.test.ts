/** The sensor's process: what it counts, what it may not, what happens when its interface or it itself goes away. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { type EventEmitter, once } from 'node:events';
import { chownSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { compileRules, open, Pass } from '../../commands/pass.ts';
import type { Observation } from '../../sensor/observation.ts';
import { Fleet } from '../../sensor/process/fleet.ts';
import { RemoteSensor } from '../../sensor/process/remote.ts';
import { generate } from '../bench/generate.ts';
import { framesOf } from '../sense.ts';
import { missing } from '../shared.ts';
import { pause, until, Wire } from './wire.ts';

const FRAMES = 200_000;
/** Of the plant, sent one by one: every frame is a process. */
const TAPPED = 120;
const PLANT = fileURLToPath(new URL('../captures/plant/plant.pcapng.gz', import.meta.url));
const LAUNCHER = fileURLToPath(new URL('../../stillwatch.js', import.meta.url));

/** Those of the test at hand. */
const sensors: RemoteSensor[] = [];
afterEach(async () => {
  for (const sensor of sensors.splice(0)) await sensor.stop();
});

type Watched = { sensor: RemoteSensor; rows: number; losses: Observation[]; trouble: string[] };

function watched(name: string, take: () => void | Promise<void> = () => {}): Watched {
  const out = { rows: 0, losses: [] as Observation[], trouble: [] as string[] };
  const sensor = new RemoteSensor(
    { interfaces: [name], driver: 'ring', filter: 'all', ring: 32, responseTimeout: null, keys: [], fanout: null },
    {
      batch(batch) {
        out.rows += batch.rows;
        out.losses.push(...batch.details.filter(({ kind }) => kind === 'loss'));
        return take();
      },
      status() {},
      trouble: (line) => void out.trouble.push(line),
      failed: (error) => void out.trouble.push(String(error)),
    },
  );
  sensors.push(sensor);
  return Object.assign(out, { sensor });
}

const reasons = ({ losses }: Watched): unknown[] => losses.map((o) => o['loss.reason']);
const statusOf = (pid: number, field: string): string => new RegExp(`^${field}:\\s*(\\S+)`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? '';

describe('the sensor as a process of its own', { skip: missing('live') }, () => {
  let wire: Wire;
  let polls: string;
  before(() => {
    wire = new Wire();
    polls = join(wire.folder, 'polls.pcap');
    generate(polls, FRAMES, 64);
  });
  after(() => wire.remove());

  it('at top speed takes every frame that was sent and sends none', async () => {
    const before = wire.transmitted;
    const one = watched(wire.name);
    await one.sensor.start();
    await wire.send(polls);
    await until('all frames', () => one.sensor.frames >= FRAMES);
    await one.sensor.stop();
    const [on] = one.sensor.coverage().interfaces;
    assert.deepEqual([one.sensor.frames, on?.frames, on?.dropped, on?.up, on?.driver], [FRAMES, FRAMES, 0, true, 'ring']);
    assert.ok(one.rows > FRAMES / 2, `${one.rows} rows`);
    assert.equal(wire.transmitted, before);
  });

  it('has no capability, can get none, and is under a filter of system calls', async () => {
    const one = watched(wire.name);
    await one.sensor.start();
    const { pid, confined } = one.sensor;
    for (const field of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb']) assert.equal(statusOf(pid, field), '0'.repeat(16), field);
    assert.deepEqual([statusOf(pid, 'NoNewPrivs'), statusOf(pid, 'Seccomp')], ['1', '2']);
    assert.deepEqual(confined, { capabilities: '0'.repeat(16), seccomp: true });
    await one.sensor.stop();
  });

  it('under that filter the kernel refuses to send, listen, write files and start programs, and nothing that capturing needs', {
    skip: process.arch !== 'x64' && 'numbers of x86-64',
  }, () => {
    const before = wire.transmitted;
    const { stdout, stderr } = spawnSync(process.execPath, [fileURLToPath(new URL('confined.ts', import.meta.url)), wire.name, wire.folder], {
      encoding: 'utf8',
      timeout: 20_000,
    });
    assert.notEqual(stdout, '', stderr);
    const { refused, may } = JSON.parse(stdout) as { [list: string]: { [what: string]: string } };
    assert.deepEqual(
      Object.entries(refused ?? {}).filter(([, outcome]) => outcome !== 'EPERM'),
      [],
    );
    assert.equal(Object.keys(refused ?? {}).length, 13);
    assert.deepEqual(Object.values(may ?? {}), ['done', 'done', 'done']);
    assert.equal(wire.transmitted, before);
  });

  describe('a plant', () => {
    const rules = compileRules([]);
    const talks = (pass: Pass): string[] =>
      pass.analyzer
        .conversations()
        .map((c) => `${c.client} ${c.server} ${c.protocol} ${c.port} ${c.transactions}`)
        .sort();
    const subjects = new Map(rules.rules.map(({ name, subject }) => [name, subject]));
    /** By rule and subject: who was first, and who last, is a matter of milliseconds. */
    const found = (pass: Pass): string[] =>
      pass.analyzer.findings
        .map(({ rule, actor, target }) => {
          const of: { [field: string]: unknown } = { 'source.ip': actor.ip, 'destination.ip': target.ip, 'modbus.unit_id': target.unit_id };
          return `${rule.name} ${(subjects.get(rule.name) ?? []).map((field) => of[field])}`;
        })
        .sort();
    const facts = (pass: Pass): string[] =>
      pass.analyzer.facts
        .all()
        .filter(({ kind }) => kind === 'operation' || kind === 'point')
        .map(({ kind, client, server, what }) => `${kind} ${client} ${server} ${what}`)
        .sort();

    async function live(workers: number): Promise<Pass> {
      const frames = await framesOf(PLANT);
      const pass = new Pass({
        rules,
        learn: 3000,
        baseline: null,
        live: { interfaces: [wire.name], driver: 'ring', filter: 'all', ring: 32, keys: [], workers },
      });
      await pass.watch();
      await wire.send(wire.file(frames), 3000);
      await until('all frames', () => pass.sensor.frames >= frames.length);
      await pass.unwatch();
      assert.equal(pass.sensor.frames, frames.length);
      return pass;
    }

    it('from a wire is what it is from a file: who talks to whom, and how often; one sensor or three, the findings are the same', async () => {
      const file = new Pass({ rules, learn: 60_000, baseline: null });
      await file.read(open([PLANT]));
      const [one, three] = [await live(1), await live(3)];
      assert.deepEqual(talks(one), talks(file));
      assert.deepEqual(talks(three), talks(file));
      assert.deepEqual(facts(three), facts(one));
      assert.ok(found(one).length > 20, `${found(one).length} findings`);
      assert.deepEqual(found(three), found(one));
    });
  });

  it('tells that its interface went down and came back, and goes on', async () => {
    const one = watched(wire.name);
    await one.sensor.start();
    await wire.send(polls, 100_000);
    await until('all frames', () => one.sensor.frames >= FRAMES);
    wire.down();
    await until('that it is down', () => one.sensor.coverage().interfaces[0]?.up === false);
    wire.up();
    await pause(200);
    await wire.send(polls, 100_000);
    await until('frames again', () => one.sensor.frames >= 2 * FRAMES);
    await one.sensor.stop();
    assert.deepEqual(reasons(one), ['interface_down', 'interface_up']);
    assert.deepEqual(one.trouble, []);
  });

  it('three sensors share the frames, and none is taken twice', async () => {
    const fleet = new Fleet({ interfaces: [wire.name], driver: 'ring', filter: 'all', ring: 16, responseTimeout: null, keys: [] }, 3, {
      batch() {},
      status() {},
      trouble() {},
      failed() {},
    });
    await fleet.start();
    await wire.send(polls, 200_000);
    await until('all frames', () => fleet.frames >= FRAMES);
    await fleet.stop();
    assert.equal(fleet.frames, FRAMES);
    assert.equal(fleet.coverage().interfaces[0]?.frames, FRAMES);
    for (const { frames } of fleet.sensors) assert.ok(frames > FRAMES / 10, `${fleet.sensors.map((sensor) => sensor.frames)}`);
  });

  it('both sides of a tap are one: requests from one interface, answers from the other', async () => {
    const other = new Wire();
    try {
      const frames = await framesOf(PLANT);
      const pass = new Pass({
        rules: compileRules([]),
        learn: 60_000,
        baseline: null,
        live: { interfaces: [wire.name, other.name], driver: 'ring', filter: 'all', ring: 16, keys: [] },
      });
      await pass.watch();
      // One after the other in time, so that every exchange is split between the two.
      for (let from = 0; from < TAPPED; from++)
        await (from % 2 === 0 ? wire : other).send((from % 2 === 0 ? wire : other).file([frames[from] as (typeof frames)[0]]));
      await until('all frames', () => pass.sensor.frames >= TAPPED);
      await pass.unwatch();
      assert.deepEqual(
        pass.coverage().interfaces.map(({ name, frames: count }) => [name, count]),
        [
          [wire.name, TAPPED / 2],
          [other.name, TAPPED / 2],
        ],
      );
      const file = new Pass({ rules: compileRules([]), learn: 60_000, baseline: null });
      await file.read(open([wire.file(frames.slice(0, TAPPED))]));
      const talks = (of: Pass): string[] =>
        of.analyzer
          .conversations()
          .map((c) => `${c.client} ${c.server} ${c.protocol} ${c.transactions} ${c.exceptions} ${c.timeouts}`)
          .sort();
      assert.deepEqual(talks(pass), talks(file));
    } finally {
      other.remove();
    }
  });

  it('killed, it is there again at once, and the time without it is a loss', async () => {
    const one = watched(wire.name);
    await one.sensor.start();
    const { pid } = one.sensor;
    await wire.send(polls);
    await until('all frames', () => one.sensor.frames >= FRAMES);
    process.kill(pid, 'SIGKILL');
    await until('another sensor', () => one.losses.length > 0);
    assert.ok(one.sensor.pid !== pid && one.sensor.pid > 0);
    assert.deepEqual(one.trouble, ["the sensor's process ended (SIGKILL)"]);
    await wire.send(polls);
    await until('frames again', () => one.sensor.frames >= 2 * FRAMES);
    await one.sensor.stop();
    const [loss] = one.losses;
    assert.deepEqual(reasons(one), ['sensor_restarted']);
    assert.ok(Number(loss?.['loss.duration']) > 0 && Number(loss?.['loss.duration']) < 10_000, String(loss?.['loss.duration']));
    // Frame numbers go on; the counts are those of both.
    assert.deepEqual([one.sensor.frames, one.sensor.coverage().interfaces[0]?.frames], [2 * FRAMES, 2 * FRAMES]);
  });

  it('one that sends what no sensor sends is ended, and another one takes its place', async () => {
    const one = watched(wire.name);
    await one.sensor.start();
    const { pid } = one.sensor;
    const { child } = one.sensor as unknown as { child: EventEmitter };
    child.emit('message', { type: 'batch', place: { slot: 99, rows: 1, values: 0 }, definitions: [], details: [] });
    await until('another sensor', () => one.losses.length > 0);
    assert.ok(one.sensor.pid !== pid && one.sensor.pid > 0);
    assert.deepEqual(one.trouble, ['a batch of the sensor is larger than any: it is ended', "the sensor's process ended (SIGKILL)"]);
  });

  it('what fails while batches are taken is told, and everything ends', async () => {
    let full = false;
    const onBlock = (): void => {
      if (full) throw new Error('the disk is full');
    };
    const live = { interfaces: [wire.name], driver: 'ring' as const, filter: 'all', ring: 16, keys: [] };
    const pass = new Pass({ rules: compileRules([]), learn: 0, baseline: null, live, onBlock });
    await pass.watch();
    full = true;
    await assert.rejects(pass.broken, /the disk is full/);
    await pass.abandon();
  });

  it('an analyzer that is busy for two seconds costs nothing at the speed of a plant', async () => {
    let busy = true;
    const one = watched(wire.name, () => {
      if (busy) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2000);
      busy = false;
    });
    await one.sensor.start();
    await wire.send(polls, 40_000);
    await until('all frames', () => one.sensor.frames >= FRAMES);
    await one.sensor.stop();
    assert.deepEqual([one.sensor.frames, one.sensor.coverage().interfaces[0]?.dropped, reasons(one)], [FRAMES, 0, []]);
  });

  it('an analyzer that is too slow costs counted frames, never memory', async () => {
    let slow = true;
    const one = watched(wire.name, () => (slow ? pause(300) : undefined));
    await one.sensor.start();
    for (let n = 0; n < 6; n++) await wire.send(polls);
    const resident = Number(statusOf(one.sensor.pid, 'VmRSS'));
    slow = false;
    await until('the rest', () => one.sensor.frames + (one.sensor.coverage().interfaces[0]?.dropped ?? 0) >= 6 * FRAMES, 60_000);
    await one.sensor.stop();
    const [on] = one.sensor.coverage().interfaces;
    assert.equal((on?.frames ?? 0) + (on?.dropped ?? 0), 6 * FRAMES);
    assert.ok((on?.dropped ?? 0) > 0);
    assert.ok(reasons(one).includes('kernel_drop'));
    assert.ok(resident < 400_000, `${resident} KiB`);
  });

  it('an interface that disappears: one line, and capturing when it is back', async () => {
    const other = new Wire();
    const one = watched(other.name);
    await one.sensor.start();
    other.remove();
    await until('a line', () => one.trouble.length > 0);
    assert.match(one.sensor.down, /the sensor's process ended|is gone|there is no interface/);
    await one.sensor.stop();
  });
});

describe('what cannot be captured from: one line each, with the fix', { skip: missing('live') }, () => {
  const run = (expected: number, name: string, ...more: string[]): string => {
    const { stderr, status } = spawnSync(process.execPath, [LAUNCHER, 'run', '--interface', name, '--for', '1s', '--exit', ...more], {
      encoding: 'utf8',
      timeout: 20_000,
      env: { ...process.env, STILLWATCH_STATE: join(wire.folder, 'state'), STILLWATCH_LISTEN: '127.0.0.1:0' },
    });
    assert.equal(status, expected, stderr);
    return stderr;
  };
  const refused = (name: string, ...more: string[]): string =>
    run(2, name, ...more)
      .trim()
      .split('\n')
      .at(-1) ?? '';
  let wire: Wire;
  before(() => {
    wire = new Wire();
  });
  after(() => wire.remove());

  it('one that is down', () => {
    wire.down();
    assert.match(refused(wire.name), new RegExp(`^stillwatch: interface ${wire.name} is down; bring it up with: ip link set ${wire.name} up$`));
    wire.up();
  });

  it('a bridge', () => {
    spawnSync('ip', ['link', 'add', 'swbridge', 'type', 'bridge']);
    try {
      assert.match(refused('swbridge'), /^stillwatch: swbridge is a bridge: capture from its port/);
    } finally {
      spawnSync('ip', ['link', 'del', 'swbridge']);
    }
  });

  it('a tunnel', () => {
    assert.equal(spawnSync('ip', ['tuntap', 'add', 'dev', 'swtunnel', 'mode', 'tun']).status, 0);
    try {
      assert.match(refused('swtunnel'), /^stillwatch: swtunnel is a tunnel and has no Ethernet frames/);
    } finally {
      spawnSync('ip', ['tuntap', 'del', 'dev', 'swtunnel', 'mode', 'tun']);
    }
  });

  it('one that another program captures from is told, and captured from', async () => {
    const one = spawn('tcpdump', ['-i', wire.name, '-w', '/dev/null'], { stdio: ['ignore', 'ignore', 'pipe'] });
    await once(one.stderr, 'data');
    const said = run(0, wire.name);
    one.kill('SIGKILL');
    assert.match(said, new RegExp(`^${wire.name}: another program captures from it: fine if meant; a second Stillwatch finds everything twice`, 'm'));
    assert.match(said, new RegExp(`^capturing: ${wire.name}`, 'm'));
  });

  it('a filter that is none', () =>
    assert.match(refused(wire.name, '--driver', 'pcap', '--filter', 'tcp prt 5'), /^stillwatch: capture\.filter "tcp prt 5" is no filter: /));

  it('without the privilege', () => {
    const state = mkdtempSync(join(tmpdir(), 'stillwatch-nobody-'));
    chownSync(state, 65534, 65534);
    const drop = ['--reuid=65534', '--regid=65534', '--clear-groups', '--inh-caps=-all', process.execPath];
    const { stderr, status } = spawnSync('setpriv', [...drop, LAUNCHER, 'run', '--interface', wire.name, '--for', '1s', '--exit'], {
      encoding: 'utf8',
      timeout: 20_000,
      env: { ...process.env, STILLWATCH_STATE: state, STILLWATCH_LISTEN: '127.0.0.1:0' },
    });
    rmSync(state, { recursive: true });
    assert.equal(status, 2);
    assert.match(stderr, /^stillwatch: capturing needs CAP_NET_RAW: start it as a service \(deploy\/systemd\), as root, or: sudo setcap/m);
  });
});
