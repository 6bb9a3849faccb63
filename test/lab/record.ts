/**
 * Runs the sample plant and records it: `record.ts` makes both recordings, `record.ts clean` or `record.ts attacks` one;
 * `record.ts labels` only brings the truth files up to date with attacks.ts.
 * Needs Linux, root, iproute2, ethtool and tcpdump; takes about seven minutes. Nothing leaves the namespaces it makes.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ATTACKS, type Attack } from './attacks.ts';
import { Program } from './hosts.ts';
import { Mirror } from './mirror.ts';
import { announce, build, dropAddress, HOSTS, hostNamed, type PlantHost, plugIn, remove, takeAddress } from './network.ts';
import { Process } from './process.ts';
import { type Counts, sleep } from './wiring.ts';

const TARGET = fileURLToPath(new URL('../captures/plant/', import.meta.url));
const STEP = 100;
const LEARNING = 60;
/** Seconds recorded with and without attacks. */
const WITH_ATTACKS = 238;
const CLEAN = 130;

type Recording = { name: string; seconds: number; attacks: readonly Attack[] };
type Truth = Omit<Attack, 'at' | 'by'> & { start: string; end: string; attacker: string; operations: Counts };

const now = () => new Date().toISOString();

class Plant {
  readonly process = new Process();
  private readonly programs = new Map<string, Program>();
  private clock: NodeJS.Timeout | undefined;
  private readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
  }

  /** Servers first, then clients; none of them sends before `start`. */
  async raise(withAttacker: boolean): Promise<void> {
    const opcua = ['opcua', 'historian', 'panel', 'mes', 'attacker'];
    const all: [host: string, file: string, ...args: string[]][] = [
      ['services', 'services'],
      ['plc-tank', 'plc', 'tank'],
      ['plc-valve', 'plc', 'valve'],
      ['gateway', 'gateway'],
      ['opcua', 'opcua-server'],
      ['hmi', 'hmi'],
      ['hmi', 'panel'],
      ['historian', 'historian'],
      ['mes', 'mes'],
      ['engineering', 'engineering'],
      ...HOSTS.filter((one) => one.habits.length > 0).map((one): [string, string, string] => [one.name, 'habits', one.name]),
    ];
    if (withAttacker) all.push(['attacker', 'attacker']);
    for (const [host, file, ...args] of all) {
      const needsFolder = opcua.includes(file) || file === 'opcua-server';
      const program = new Program(host, file, needsFolder ? [this.folder] : args, (wanted) => Object.assign(this.process.actuators, wanted));
      this.programs.set(`${host}/${file}`, program);
      await program.ready();
    }
    this.clock = setInterval(() => this.step(), STEP);
  }

  start(): void {
    for (const program of this.programs.values()) program.start();
  }

  async attack(of: Attack): Promise<Truth> {
    const start = now();
    if (of.name === 'sweep') await this.intrude();
    const operations = of.by === 'cable' ? await this.impersonate(of.target) : await this.program(of.by).attack(of.name);
    await sleep(100);
    const attacker = hostNamed(of.by === 'cable' ? 'attacker' : of.by).ip;
    const { name, target, techniques, rules } = of;
    return { name, start, end: now(), attacker, target, techniques, rules, operations };
  }

  private async intrude(): Promise<void> {
    plugIn('attacker');
    await sleep(500);
    announce('attacker');
  }

  /** The attacker takes the target's address; its owner defends it (RFC 5227 section 2.4), and the attacker lets go. */
  private async impersonate(address: string): Promise<Counts> {
    const owner = HOSTS.find((one) => one.ip === address) as PlantHost;
    takeAddress('attacker', address);
    for (let i = 0; i < 3; i++) {
      await sleep(1000);
      announce(owner.name);
      if (i < 2) announce('attacker');
    }
    dropAddress('attacker', address);
    await sleep(200);
    announce(owner.name);
    return {};
  }

  private program(of: 'attacker' | 'hmi'): Program {
    return this.programs.get(`${of}/${of}`) as Program;
  }

  private step(): void {
    this.process.step(STEP / 1000);
    for (const [label, program] of this.programs) if (/plc|gateway|opcua-server/.test(label)) program.state(this.process.state);
  }

  /** What each program sent over the whole run. */
  async stop(): Promise<{ [program: string]: Counts }> {
    clearInterval(this.clock);
    const counts: { [program: string]: Counts } = {};
    for (const phase of [0, 1, 2]) {
      const some = [...this.programs].filter(([label]) => farewell(label) === phase);
      await Promise.all(
        some.map(async ([label, program]) => {
          const sent = await program.stop();
          if (Object.keys(sent).length > 0) counts[label] = sent;
        }),
      );
    }
    return Object.fromEntries(Object.entries(counts).sort());
  }

  fell(): string[] {
    return [...this.programs].filter(([, program]) => !program.alive).map(([label]) => label);
  }

  kill(): void {
    clearInterval(this.clock);
    for (const program of this.programs.values()) program.kill();
  }
}

/** Clients say goodbye before servers do, and the valve's controller, which is both, between them. */
const farewell = (label: string) => (/valve/.test(label) ? 1 : /services|plc|gateway|opcua-server/.test(label) ? 2 : 0);

let cleanUp = () => {};

async function record(of: Recording, folder: string): Promise<void> {
  const plant = new Plant(folder);
  let mirror: Mirror | undefined;
  cleanUp = () => {
    plant.kill();
    mirror?.kill();
  };
  try {
    build(['attacker']);
    await plant.raise(of.attacks.length > 0);
    mirror = await Mirror.open(join(folder, `${of.name}.pcap`));
    const began = Date.now();
    plant.start();
    const truths = await play(plant, of, began);
    if (plant.fell().length > 0) throw new Error(`ended early: ${plant.fell().join(', ')}`);
    const operations = await plant.stop();
    const dropped = await mirror.close();
    const { frames, bytes } = mirror.save(join(TARGET, `${of.name}.pcapng.gz`), dropped);
    writeTruth(of, began, frames, truths, operations);
    console.log(`${of.name}: ${frames} frames, ${bytes} bytes, ${dropped} dropped, ${truths.length} attacks`);
  } finally {
    cleanUp();
    await sleep(300);
    remove();
  }
}

async function play(plant: Plant, of: Recording, began: number): Promise<Truth[]> {
  const truths: Truth[] = [];
  for (const attack of of.attacks) {
    await sleep(began + attack.at * 1000 - Date.now());
    console.log(`${((Date.now() - began) / 1000).toFixed(1)} s: ${attack.name}`);
    truths.push(await plant.attack(attack));
  }
  await sleep(began + of.seconds * 1000 - Date.now());
  return truths;
}

function writeTruth(of: Recording, began: number, frames: number, attacks: Truth[], operations: { [program: string]: Counts }): void {
  const hosts = HOSTS.filter((one) => of.attacks.length > 0 || one.name !== 'attacker').map(({ name, ip, mac, role }) => ({ name, ip, mac, role }));
  const times = { start: new Date(began).toISOString(), learned_until: new Date(began + LEARNING * 1000).toISOString() };
  const truth = { capture: `${of.name}.pcapng.gz`, label_source: 'authors', frames, ...times, hosts, operations, attacks };
  writeFileSync(join(TARGET, `${of.name}.truth.json`), `${JSON.stringify(truth, null, 1)}\n`);
}

const RECORDINGS: Recording[] = [
  { name: 'plant-clean', seconds: CLEAN, attacks: [] },
  { name: 'plant', seconds: WITH_ATTACKS, attacks: ATTACKS },
];

/** Brings what the truth files say of techniques and rules up to date with attacks.ts, without a new recording. */
function relabel(): void {
  for (const { name } of RECORDINGS) {
    const file = join(TARGET, `${name}.truth.json`);
    const truth = JSON.parse(readFileSync(file, 'utf8')) as { attacks: Truth[] };
    for (const attack of truth.attacks) Object.assign(attack, pick(ATTACKS.find((one) => one.name === attack.name) as Attack));
    writeFileSync(file, `${JSON.stringify(truth, null, 1)}\n`);
  }
}

const pick = ({ techniques, rules }: Attack) => ({ techniques, rules });

async function main(only: string | undefined): Promise<void> {
  if (only === 'labels') return relabel();
  mkdirSync(TARGET, { recursive: true });
  const folder = mkdtempSync(join(tmpdir(), 'stillwatch-lab-'));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => process.exit(130));
  // However this ends: no process, no namespace and no certificate stays behind.
  process.on('exit', () => {
    cleanUp();
    remove();
    rmSync(folder, { recursive: true, force: true });
  });
  for (const one of RECORDINGS) {
    if (only === undefined || (only === 'clean') === (one.attacks.length === 0)) await record(one, folder);
  }
}

await main(process.argv[2]);
