/** The command line as a user meets it: one readable line and exit code 2 for what is wrong, the contracts for what is right. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openSqlite } from '../analyzer/store/sqlite.ts';
import { openAccounts } from '../ui/accounts.ts';
import type { Timed } from './lab/frames.ts';
import { tcpFrame } from './lab/frames.ts';
import { pcap, pcapng } from './lab/pcapfile.ts';
import { at as urlOf } from './tree.ts';

const at = (path: string): string => fileURLToPath(urlOf(path));
const PLANT = at('test/captures/plant/plant.pcapng.gz');
let folder = '';
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'stillwatch-commands-'));
});
after(() => rmSync(folder, { recursive: true, force: true }));

type Ended = { code: number | null; out: string; err: string };

function stillwatch(args: string[], env: NodeJS.ProcessEnv = {}, input?: Uint8Array): Promise<Ended> {
  const child = spawn(process.execPath, [at('stillwatch.js'), ...args], { env: { ...process.env, ...env }, cwd: folder });
  const ended = { code: null as number | null, out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (ended.out += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (ended.err += text));
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  return new Promise((resolve) => child.on('close', (code) => resolve({ ...ended, code })));
}

function file(name: string, bytes: Uint8Array | string): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

const A = { mac: '02:00:00:00:00:01', ip: '10.0.0.1', port: 40_000 };
const B = { mac: '02:00:00:00:00:02', ip: '10.0.0.2', port: 502 };
const some = (count: number): Timed[] =>
  Array.from({ length: count }, (_, n) => ({ at: 1_700_000_000_000 + n, bytes: tcpFrame(A, B, { sequence: n, acknowledgment: 0, flags: 0x10 } as never) }));

/** Exit code 2, nothing on stdout, and exactly one line on stderr that says what is wrong. */
async function refused(args: string[], says: RegExp, env: NodeJS.ProcessEnv = {}): Promise<void> {
  const { code, out, err } = await stillwatch(args, env);
  assert.equal(code, 2, err);
  assert.equal(out, '');
  assert.match(err, says);
  assert.equal(err.trimEnd().split('\n').length, 1, err);
  assert.doesNotMatch(err, /\n\s+at /);
}

describe('what is wrong with the input is one line', () => {
  it('no capture named', () => refused(['analyze'], /analyze needs a capture file/));
  it('an unknown command', () => refused(['frobnicate'], /no command "frobnicate"/));
  it('an unknown option', () => refused(['analyze', '--frob', 'x'], /Unknown option '--frob'/));
  it('a missing file', () => refused(['analyze', join(folder, 'none.pcap')], /none\.pcap: no such file/));
  it('a directory', () => refused(['dissect', folder], /is a directory/));
  it('an empty file', () => refused(['analyze', file('empty.pcap', '')], /empty\.pcap: is empty/));
  it('a summary of no length', () => refused(['dissect', '--summary', 'often', PLANT], /--summary takes a time such as 60s or 5m, not "often"/));
  it('a file that is no capture', () => refused(['dissect', file('text.pcap', 'hello, world, this is no capture')], /is not a capture/));
  it('a wrong learning time', () => refused(['analyze', PLANT, '--learn', 'soon'], /--learn takes a share such as 30% or a time such as 90s/));
  it('a share of standard input', () => refused(['analyze', '-', '--learn', '30%'], /standard input can be read only once/));
  it('a wrong level', () => refused(['analyze', PLANT, '--fail-on', 'bad'], /--fail-on takes one of informational, low/));
  it('a baseline that is not there', () =>
    refused(['analyze', PLANT, '--baseline', join(folder, 'none.json')], /none\.json: no such baseline; write one with/));
  it('a baseline that is none', () => refused(['analyze', PLANT, '--baseline', file('b.json', '{"a":1}')], /b\.json: not a baseline of this version/));
  it('a wrong configuration key', () => refused(['run', '--replay', PLANT, '--config', file('c.yaml', 'lisen: 1')], /c\.yaml: unknown key "lisen"/));
  it('a wrong configuration value', () => refused(['run', '--replay', PLANT], /listen: host:port/, { STILLWATCH_LISTEN: 'here' }));
  it('an output folder that cannot be made', () => refused(['analyze', PLANT, '--out', '/dev/null/x'], /--out \/dev\/null\/x: cannot be written/));
  it('a state directory that cannot be made', () =>
    refused(['run', '--replay', PLANT], /state directory \/dev\/null\/x cannot be made .*STILLWATCH_STATE/, { STILLWATCH_STATE: '/dev/null/x' }));
  it('accounts that are damaged', () => {
    mkdirSync(join(folder, 'damaged'), { recursive: true });
    writeFileSync(join(folder, 'damaged', 'accounts.db'), 'this is no database, whatever it is called');
    const args = ['run', '--replay', PLANT, '--config', file('any.yaml', 'learn: 60s\n')];
    return refused(args, /accounts\.db: the accounts cannot be read/, { STILLWATCH_STATE: join(folder, 'damaged') });
  });
  it('neither an interface nor a capture', () => refused(['run'], /needs --interface NAME .* or --replay FILE; interfaces here: /));
  it('an interface that is not there', () => refused(['run', '--interface', 'nope0'], /there is no interface "nope0"; interfaces here: .*lo /));
  it('a driver that there is not', () => refused(['run', '--interface', 'lo', '--driver', 'dpdk'], /capture\.driver: .*ring/));

  it('a port in use', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const port = (server.address() as { port: number }).port;
    const env = { STILLWATCH_LISTEN: `127.0.0.1:${port}`, STILLWATCH_STATE: join(folder, 'used') };
    await refused(['run', '--replay', PLANT], /the port is in use; set STILLWATCH_LISTEN/, env).finally(() => server.close());
  });
});

describe('the way into the console', () => {
  const env = (name: string) => ({ STILLWATCH_STATE: join(folder, name), STILLWATCH_LISTEN: '127.0.0.1:0' });

  it('with a configuration the first administrator is made by hand, once; the account is kept', async () => {
    const config = file('kept.yaml', 'learn: 60s\n');
    const args = ['run', '--replay', PLANT, '--config', config, '--exit'];
    const { err } = await stillwatch(args, env('kept'));
    assert.match(err, /^set-up: +http:\/\/127\.0\.0\.1:\d+\/setup\?token=[0-9a-f]{32}/m);
    assert.doesNotMatch(err, /password/);
    const accounts = openAccounts(join(folder, 'kept', 'accounts.db'));
    await accounts.create('anna', 'a password of some length', 'administrator');
    accounts.close();
    assert.doesNotMatch((await stillwatch(args, env('kept'))).err, /set-up/);
  });

  it('without one there is an administrator for this run, and nothing of it is left', async () => {
    const { err } = await stillwatch(['run', '--replay', PLANT, '--exit'], env('once'));
    assert.match(err, /^password: +\S{12} /m);
    assert.ok(!existsSync(join(folder, 'once', 'accounts.db')));
  });
});

describe('tag lists', () => {
  const good = 'unit,table,address,name,type,word order,scale,unit,low,high\n1,input_registers,0,Level,uint16,,0.001,m,1,6\n1,coils,0,Pump,bool,,,,,\n';
  const bad = 'unit,table,address,name,type\n1,holdin,1,a,floaty\n300,hr,2,b,int16\n';

  it('are checked: what is in them, or line by line what is wrong', async () => {
    const list = file('tags.csv', good);
    const { code, out, err } = await stillwatch(['tags', 'check', `10.20.1.11=${list}`]);
    assert.deepEqual([code, out, err], [0, '10.20.1.11: 2 tags, unit 1\n2 tags, all in order\n', '']);
    const wrong = await stillwatch(['tags', 'check', `10.20.1.11=${file('bad.csv', bad)}`]);
    assert.equal(wrong.code, 2);
    assert.equal(wrong.out, '');
    const lines = wrong.err.trimEnd().split('\n');
    assert.match(lines[0] ?? '', /bad\.csv: line 2, column table: "holdin" is no table; write coils/);
    assert.match(lines[1] ?? '', /bad\.csv: line 2, column type: "floaty" is no type/);
    assert.match(lines[2] ?? '', /bad\.csv: line 3, column unit: "300" is no unit/);
    assert.match(lines[3] ?? '', /bad\.csv: 3 problems; nothing of the list was taken/);
    assert.equal(lines.length, 4);
  });

  it('that are not there, or not for a device, or twice', async () => {
    const list = file('tags.csv', good);
    await refused(['tags'], /tags takes check/);
    await refused(['tags', 'check'], /needs a tag list/);
    await refused(['tags', 'check', join(folder, 'no.csv')], /no\.csv cannot be read \(there is no such file\)/);
    await refused(['dissect', PLANT, '--tags', `10.20.1.11=${list}`, '--tags', `10.20.1.11=${list}`], /tag Pump .* overlaps Pump .*; take one of them out/);
    await refused(['analyze', PLANT, '--tags', `10.20.1.11=${list}`, '--notation', 'roman'], /--notation takes one of wire, one-based, modicon/);
    const { code, err } = await stillwatch(['run', '--replay', PLANT], { STILLWATCH_TAGS: list, STILLWATCH_STATE: join(folder, 'none') });
    assert.equal(code, 2);
    assert.match(err, /tags\.csv: line 1, column server: is missing/);
  });

  it('of the configuration count in the store until the configuration has others, with a line in the audit trail for each change', async () => {
    const state = join(folder, 'named');
    const config = file('named.yaml', `state: ${state}\nlisten: 127.0.0.1:0\ntags: ["10.20.1.11=${file('tags.csv', good)}"]\n`);
    const none = file('unnamed.yaml', `state: ${state}\nlisten: 127.0.0.1:0\n`);
    const named = async (of: string) => {
      const { code, err } = await stillwatch(['run', '--config', of, '--replay', PLANT, '--exit']);
      assert.equal(code, 0, err);
      const store = openSqlite(join(state, 'stillwatch.db'));
      const found = [(await store.tags({})).map(({ name }) => name), (await store.auditLines({})).total];
      await store.close();
      return found;
    };
    assert.deepEqual(await named(config), [['Pump', 'Level'], 1]);
    assert.deepEqual(await named(config), [['Pump', 'Level'], 1], 'the same again is no change');
    assert.deepEqual(await named(none), [[], 2]);
    assert.deepEqual(await named(config), [['Pump', 'Level'], 3]);
  });

  it('name the values that dissect prints and findings show', async () => {
    const list = `10.20.1.11=${file('tags.csv', good)}`;
    const { out } = await stillwatch(['dissect', '--protocol', 'modbus', PLANT, '--tags', list]);
    const tags = out.split('\n').flatMap((line) => (line.includes('"tags"') ? JSON.parse(line).modbus.tags : []));
    assert.ok(tags.length > 500);
    for (const { point, name, value, unit, state } of tags) {
      if (name === 'Pump') assert.deepEqual([point, typeof value, unit, state], ['1/coils/0', 'boolean', '', null]);
      else assert.deepEqual([point, name, unit, state === (value < 1 ? 'low' : value > 6 ? 'high' : 'ok')], ['1/input_registers/0', 'Level', 'm', true]);
    }
    const { findings } = JSON.parse((await stillwatch(['analyze', PLANT, '--learn', '60s', '--json', '--tags', list])).out);
    const shown = findings.flatMap(({ seen }: { seen: { modbus?: { tags?: { name: string }[] } } }) => seen.modbus?.tags ?? []);
    assert.ok(
      shown.some(({ name }: { name: string }) => name === 'Pump'),
      'a finding about a write says what it wrote',
    );
  });
});

describe('what is wrong with a rule is one line', () => {
  const rules = (name: string, text: string): string[] => ['analyze', PLANT, '--rules', file(name, text)];
  it('a file that is no YAML', () => refused(rules('no.yaml', 'a: [b'), /no\.yaml: /));
  it('an unknown field', () => {
    const rule = readFileSync(at('rules/modbus/modbus-force-listen-only.yaml'), 'utf8');
    return refused(rules('field.yaml', `${rule.replace(/^id: .*$/m, 'id: 00000000-0000-4000-8000-000000000001')}frob: 1\n`), /field\.yaml: .*frob/);
  });
  it('a rule file that is not there', () => refused(['analyze', PLANT, '--rules', join(folder, 'no-rules')], /no-rules/));
  it('ten megabytes of nesting', () => refused(rules('deep.yaml', '['.repeat(10_000_000)), /deep\.yaml: /));
});

describe('captures that are broken further on are read as far as they go', () => {
  const whole = pcap(some(5));

  it('a capture cut inside a header', async () => {
    const { code, out, err } = await stillwatch(['analyze', '--json', file('cut.pcap', whole.subarray(0, whole.length - 70))]);
    assert.equal(code, 0);
    assert.equal(JSON.parse(out).stats.frames, 4);
    assert.match(err, /^warning: .*cut\.pcap: .*frame 5/);
    assert.equal(err.trimEnd().split('\n').length, 1);
  });

  it('frames of no length, and cut by the snap length', async () => {
    const frames = [
      { at: 1, bytes: new Uint8Array(0) },
      ...some(3),
      { ...(some(1)[0] as Timed), bytes: (some(1)[0] as Timed).bytes.subarray(0, 20), length: 60 },
    ];
    const { code, out } = await stillwatch(['analyze', '--json', file('short.pcap', pcap(frames))]);
    const { stats, coverage } = JSON.parse(out);
    assert.equal(code, 0);
    assert.equal(stats.frames, 5);
    assert.equal(coverage.interfaces[0].truncated, 1);
    assert.equal(coverage.interfaces[0].undecoded, 2);
  });

  it('frames that the capturing machine says it lost are a finding', async () => {
    const lossy = pcapng({ interfaces: [{ name: 'eth0', dropped: 12 }], packets: some(3) });
    const { findings } = JSON.parse((await stillwatch(['analyze', '--json', file('lossy.pcapng', lossy)])).out);
    const told = findings.find((f: { rule: { name: string } }) => f.rule.name === 'health-capture-loss');
    assert.equal(told?.explanation, '12 frames were lost before the sensor could take them.');
  });

  it('a linktype nobody knows', async () => {
    const { code, out } = await stillwatch(['analyze', '--json', file('link.pcap', pcap(some(2), { linktype: 147 }))]);
    assert.equal(code, 0);
    assert.equal(JSON.parse(out).coverage.interfaces[0].undecoded, 2);
  });
});

describe('the contracts', () => {
  it('analyze --json, run --json and standard input agree to the byte', async () => {
    const args = ['--learn', '60s', '--json'];
    const analyzed = await stillwatch(['analyze', PLANT, ...args]);
    const again = await stillwatch(['analyze', PLANT, ...args]);
    const piped = await stillwatch(['analyze', '-', ...args], {}, readFileSync(PLANT));
    const replayed = await stillwatch(['run', '--replay', PLANT, '--exit', ...args], {
      STILLWATCH_STATE: join(folder, 'state'),
      STILLWATCH_LISTEN: '127.0.0.1:0',
    });
    assert.equal(analyzed.code, 0, analyzed.err);
    assert.ok(again.out === analyzed.out, 'again');
    assert.ok(piped.out === analyzed.out, 'piped');
    assert.ok(replayed.out === analyzed.out, `replayed ${replayed.err}`);
    const store = openSqlite(join(folder, 'state', 'stillwatch.db'));
    assert.deepEqual(await store.registers({}), JSON.parse(analyzed.out).registers, 'the map in the store');
    await store.close();
    assert.deepEqual(Object.keys(JSON.parse(analyzed.out)), ['stats', 'coverage', 'assets', 'conversations', 'registers', 'findings']);
  });

  it('dissect --summary prints reads in few lines, and loses none of them nor anything else', async () => {
    type Line = { kind: string; outcome?: string; modbus?: { access: string }; summary?: { count: number; answered: number } };
    const lines = async (...more: string[]): Promise<Line[]> => {
      const { code, out, err } = await stillwatch(['dissect', '--protocol', 'modbus', ...more, PLANT]);
      assert.equal(code, 0, err);
      return out
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Line);
    };
    const [all, few] = [await lines(), await lines('--summary', '60s')];
    const summaries = few.flatMap((line) => line.summary ?? []);
    assert.ok(summaries.length > 0 && few.length < all.length / 2, `${few.length} of ${all.length}`);
    const answered = (some: Line[]) => some.filter((line) => line.modbus?.access === 'read' && line.outcome === 'answered').length;
    assert.equal(
      summaries.reduce((sum, one) => sum + one.answered, 0),
      answered(all) - answered(few),
    );
    const others = (some: Line[]) => some.filter((line) => line.summary === undefined && !(line.modbus?.access === 'read' && line.outcome === 'answered'));
    assert.deepEqual(others(few), others(all));
  });

  it('dissect prints the fields in their order', async () => {
    const { out } = await stillwatch(['dissect', '--protocol', 'modbus', PLANT]);
    const first = JSON.parse(out.slice(0, out.indexOf('\n')));
    assert.deepEqual(Object.keys(first).slice(0, 8), ['kind', '@timestamp', 'source', 'destination', 'outcome', 'latency', 'request_frame', 'response_frame']);
    assert.equal(first.kind, 'modbus');
    assert.deepEqual(Object.keys(first.modbus).slice(0, 5), ['framing', 'transaction_id', 'unit_id', 'function_code', 'function']);
    for (const key of ['framing', 'transaction_id', 'unit_id', 'function_code', 'function', 'address', 'quantity', 'values', 'exception_code'])
      assert.ok(key in first.modbus, key);
  });

  it('a reader that goes away is no error', async () => {
    const child = spawn('sh', ['-c', `"${process.execPath}" "${at('stillwatch.js')}" dissect "${PLANT}" | head -1; echo "$?"`], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let err = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text));
    await new Promise((resolve) => child.on('close', resolve));
    assert.equal(err, '');
  });

  it('learn writes a baseline that analyze judges by, and extends it', async () => {
    const baseline = join(folder, 'plant.json');
    const first = await stillwatch(['learn', PLANT, '--baseline', baseline]);
    assert.equal(first.code, 0, first.err);
    const facts = JSON.parse(readFileSync(baseline, 'utf8')).facts.length;
    assert.ok(facts > 50);
    await stillwatch(['learn', PLANT, '--baseline', baseline]);
    assert.equal(JSON.parse(readFileSync(baseline, 'utf8')).facts.length, facts);
    const judged = JSON.parse((await stillwatch(['analyze', PLANT, '--baseline', baseline, '--json'])).out);
    assert.ok(!judged.findings.some((f: { rule: { name: string } }) => f.rule.name === 'modbus-write-new-client'), 'what was learned is known');
    assert.ok(!existsSync(`${baseline}.new`));
  });

  it('--fail-on and --out', async () => {
    const out = join(folder, 'out');
    const { code } = await stillwatch(['analyze', PLANT, '--learn', '60s', '--fail-on', 'low', '--out', out]);
    assert.equal(code, 1);
    assert.deepEqual(readdirSync(out).sort(), ['assets.json', 'conversations.json', 'coverage.json', 'facts.json', 'findings.json', 'registers.json']);
  });

  it('the response time-out is learned, or what the configuration says', async () => {
    const late = async (env: NodeJS.ProcessEnv) => (await stillwatch(['dissect', PLANT, '--protocol', 'modbus'], env)).out.split('"orphan":"late"').length - 1;
    assert.equal(await late({}), 0);
    assert.ok((await late({ STILLWATCH_MODBUS_RESPONSE_TIMEOUT: '1ms' })) > 50);
    const { code, err } = await stillwatch(['dissect', PLANT], { STILLWATCH_MODBUS_RESPONSE_TIMEOUT: 'soon' });
    assert.equal(code, 2);
    assert.match(err, /^stillwatch: the environment: modbus\.response_timeout: a time such as 500ms or 2s, or learned;/);
  });

  it('every command explains itself', async () => {
    for (const command of ['analyze', 'learn', 'dissect', 'run', 'rules', 'tags', 'store']) {
      const { code, out } = await stillwatch([command, '--help']);
      assert.equal(code, 0);
      assert.match(out, new RegExp(`^stillwatch ${command}`));
    }
  });
});
