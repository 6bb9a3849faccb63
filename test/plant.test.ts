/** The sample plant's recordings against their truth files: what was done is found, what is normal stays quiet, nothing is lost in decoding. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const at = (path: string) => fileURLToPath(new URL(path, import.meta.url));

type Counts = { [operation: string]: number };
type Attack = { name: string; start: string; end: string; attacker: string; target: string; techniques: string[]; rules: string[]; operations: Counts };
type Standing = { rule: string; actor: string };
type Truth = {
  standing: Standing[];
  start: string;
  hosts: { name: string; ip: string; mac: string }[];
  operations: { [program: string]: Counts };
  attacks: Attack[];
};
type Finding = {
  rule: { name: string };
  level: string;
  title: string;
  actor: { ip?: string };
  target: { ip?: string };
  opened: string;
  last_seen: string;
  tags: string[];
};
type Analysis = { assets: { ip: string[] }[]; findings: Finding[] };
type Line = { kind: string; request_frame: number | null; source: { ip: string }; modbus: { function_code: number } };

/** A finding may come this many ms after the attack ended: a correlation closes its window, a poll runs into its time-out. */
const GRACE = 10_000;
const QUIET = ['informational', 'low'];

const truthOf = (name: string): Truth => JSON.parse(readFileSync(at(`captures/plant/${name}.truth.json`), 'utf8'));

function stillwatch(...args: string[]): string {
  const run = spawnSync(process.execPath, [at('../stillwatch.js'), ...args], { encoding: 'utf8', maxBuffer: 256 * 1024 * 1024 });
  assert.ok(run.status === 0 || run.status === 1, `stillwatch ${args.join(' ')}: exit ${run.status}\n${run.stderr}`);
  return run.stdout;
}

const analyses = new Map<string, Analysis>();
function analysis(name: string): Analysis {
  const known = analyses.get(name) ?? (JSON.parse(stillwatch('analyze', at(`captures/plant/${name}.pcapng.gz`), '--learn', '60s', '--json')) as Analysis);
  analyses.set(name, known);
  return known;
}

const brief = (findings: Finding[]) => findings.map((f) => `${f.opened} ${f.level} ${f.rule.name} ${f.actor?.ip} > ${f.target?.ip}: ${f.title}`).join('\n');

function during(attack: Attack, finding: Finding): boolean {
  return Date.parse(finding.last_seen) >= Date.parse(attack.start) - 1000 && Date.parse(finding.opened) <= Date.parse(attack.end) + GRACE;
}

const involves = (attack: Attack, finding: Finding) => finding.actor?.ip === attack.attacker || finding.target?.ip === attack.target;

for (const attack of truthOf('plant').attacks) {
  test(`finds ${attack.name}`, () => {
    const found = analysis('plant').findings.filter((finding) => during(attack, finding) && involves(attack, finding));
    const names = new Set(found.map((finding) => finding.rule.name));
    for (const rule of attack.rules) assert.ok(names.has(rule), `${rule} did not fire between ${attack.start} and ${attack.end}, but:\n${brief(found)}`);
  });
}

const loud = (findings: Finding[]) => findings.filter((finding) => !QUIET.includes(finding.level));

test('says nothing above low before the first attack', () => {
  const first = Date.parse(truthOf('plant').attacks[0]!.start);
  const early = loud(analysis('plant').findings).filter((finding) => Date.parse(finding.opened) < first);
  assert.equal(early.length, 0, brief(early));
});

test('says nothing above low about the plant nobody attacks', () => {
  const all = loud(analysis('plant-clean').findings);
  assert.equal(all.length, 0, brief(all));
});

test('knows every host of the plant', () => {
  const known = new Set(analysis('plant').assets.flatMap((asset) => asset.ip));
  for (const host of truthOf('plant').hosts) assert.ok(known.has(host.ip), `${host.name} ${host.ip} is missing from ${[...known].join(', ')}`);
});

/** What was sent, by address and function code: every program's own count and, for the attacker, each attack's. */
function said(truth: Truth): Map<string, number> {
  const sum = new Map<string, number>();
  const add = (ip: string, counts: Counts) => {
    for (const [operation, n] of Object.entries(counts))
      if (operation.startsWith('fc')) sum.set(`${ip} ${operation}`, (sum.get(`${ip} ${operation}`) ?? 0) + n);
  };
  const ip = new Map(truth.hosts.map((host) => [host.name, host.ip]));
  for (const [program, counts] of Object.entries(truth.operations)) add(ip.get(program.split('/')[0]!)!, counts);
  for (const attack of truth.attacks) if (attack.attacker === ip.get('attacker')) add(attack.attacker, attack.operations);
  return sum;
}

for (const name of ['plant', 'plant-clean']) {
  test(`dissects as many Modbus requests of ${name} as were sent`, () => {
    const seen = new Map<string, number>();
    const lines = stillwatch('dissect', at(`captures/plant/${name}.pcapng.gz`), '--protocol', 'modbus')
      .trim()
      .split('\n');
    for (const line of lines.map((text) => JSON.parse(text) as Line)) {
      if (line.kind !== 'modbus' || line.request_frame === null) continue;
      const key = `${line.source.ip} fc${line.modbus.function_code}`;
      seen.set(key, (seen.get(key) ?? 0) + 1);
    }
    assert.deepEqual(Object.fromEntries([...seen].sort()), Object.fromEntries([...said(truthOf(name))].sort()));
  });
}
