/**
 * Modbus units behind a server. A gateway's are devices of their own; a controller that answers under any unit is one device. Which of the
 * two it is shows in what it says: that a unit cannot be reached, that units identify as different devices, or that several are polled for long.
 */
import { timestamp } from '../../sensor/observation.ts';
import { type Asset, type Attribute, behindGateway, best, unitAddress } from '../asset.ts';
import { idOf } from '../hash.ts';
import { addTo, type Said } from './attributes.ts';

/** Units followed, over all servers. */
export const MAX_UNITS = 65_536;
/** Answers of two units that make a server a gateway: a scan asks each once. */
const POLLED = 10;
/** Messaging on TCP/IP V1.0b section 4.4.1.2: the server itself, where it is no gateway. */
const OWN = new Set([0, 255]);

type Unit = { number: number; firstAt: number; lastAt: number; answers: number; polled: number; attributes: Attribute[] };
type Server = { units: Map<number, Unit>; unreachable: boolean };

const OF_UNIT = / unit \d+$/;

export class Units {
  /** Units that found no place. */
  refused = 0;
  private count = 0;
  private shown = 0;
  private readonly servers = new Map<string, Server>();
  private readonly earlier = new Map<string, Asset>();
  /** Gateways of an earlier baseline. */
  private readonly formerly = new Set<string>();

  /** Devices shown when last asked for. */
  get size(): number {
    return this.shown;
  }

  get followed(): number {
    return this.count;
  }

  /** A device of an earlier baseline. */
  load(asset: Asset): void {
    this.earlier.set(asset.address, structuredClone(asset));
    this.formerly.add(behindGateway(asset.address)?.server ?? asset.address);
  }

  /** A unit answered, once. */
  answered(server: string, unit: number, at: number): void {
    const known = this.unit(server, unit, at);
    if (known === null) return;
    known.answers++;
    if (at > known.lastAt) known.lastAt = at;
  }

  /** The server says that it is no device itself: exceptions 10 and 11 are a gateway's (V1.1b3 section 7). */
  unreachable(server: string): void {
    this.server(server).unreachable = true;
  }

  /** What a unit says of itself. Only of units that answered. */
  say(server: string, unit: number, said: Said): void {
    const known = this.servers.get(server)?.units.get(unit);
    if (known !== undefined) addTo(known.attributes, said);
  }

  /** Answers to polls that are counted elsewhere: all of them, each time. */
  recount(polls: Iterable<{ server: string; unit: number; answers: number; lastAt: number }>): void {
    for (const { units } of this.servers.values()) for (const unit of units.values()) unit.polled = 0;
    for (const { server, unit, answers, lastAt } of polls) {
      const known = this.servers.get(server)?.units.get(unit);
      if (known === undefined) continue;
      known.polled += answers;
      if (lastAt > known.lastAt) known.lastAt = lastAt;
    }
    this.shown = 0;
    const gateways = new Set([...this.servers.keys(), ...this.formerly]);
    for (const address of gateways) if (this.evidence(address) !== '') this.shown += this.behind(address).length + this.missing(address).length;
  }

  /** A device, and behind it those of its units, when it is a gateway: what a unit said is then the unit's. */
  split(asset: Asset): Asset[] {
    const evidence = this.evidence(asset.address);
    if (evidence === '') return [asset];
    const own = asset.attributes.filter((a) => !OF_UNIT.test(a.source));
    addTo(own, { name: 'role', value: 'gateway', source: evidence, confidence: 4, at: Date.parse(asset.last_seen), frame: 0 });
    const devices = this.behind(asset.address).map((unit) => this.device(asset, unit));
    return [{ ...asset, attributes: own }, ...devices, ...this.missing(asset.address)];
  }

  /** Why a server is a gateway, in words; '' when nothing shows it. */
  private evidence(address: string): string {
    const server = this.servers.get(address);
    const now = server === undefined ? '' : evidenceOf(server, this.behind(address));
    return now === '' && this.formerly.has(address) ? 'earlier baseline' : now;
  }

  /** The units that are devices, by number. */
  private behind(address: string): Unit[] {
    const units = [...(this.servers.get(address)?.units.values() ?? [])];
    return units.filter((unit) => !OWN.has(unit.number)).sort((a, b) => a.number - b.number);
  }

  /** Devices of an earlier baseline that did not show this time. */
  private missing(address: string): Asset[] {
    if (!this.formerly.has(address)) return [];
    const now = new Set(this.behind(address).map((unit) => unitAddress(address, unit.number)));
    return [...this.earlier.values()].filter((asset) => behindGateway(asset.address)?.server === address && !now.has(asset.address));
  }

  private device(gateway: Asset, unit: Unit): Asset {
    const address = unitAddress(gateway.address, unit.number);
    const before = this.earlier.get(address);
    const seen = timestamp(unit.firstAt);
    const asset: Asset = {
      id: idOf('asset', address),
      address,
      ip: [],
      mac: [],
      first_seen: before !== undefined && before.first_seen < seen ? before.first_seen : seen,
      last_seen: timestamp(unit.lastAt),
      state: gateway.state,
      learning_until: gateway.learning_until,
      attributes: [...(before?.attributes ?? [])].map((a) => structuredClone(a)),
    };
    const shows = { source: 'Modbus unit', at: unit.firstAt, frame: 0 } as const;
    addTo(asset.attributes, { ...shows, name: 'unit_id', value: String(unit.number), confidence: 5 });
    addTo(asset.attributes, { ...shows, name: 'gateway', value: gateway.address, confidence: 5 });
    addTo(asset.attributes, { ...shows, name: 'protocol', value: 'modbus', confidence: 3 });
    addTo(asset.attributes, { ...shows, name: 'role', value: 'controller', confidence: 2 });
    for (const attribute of unit.attributes) {
      const known = asset.attributes.find((a) => a.name === attribute.name && a.value === attribute.value);
      if (known === undefined) asset.attributes.push(structuredClone(attribute));
      else Object.assign(known, structuredClone(attribute), { first_seen: known.first_seen });
    }
    return asset;
  }

  private server(address: string): Server {
    const known = this.servers.get(address);
    if (known !== undefined) return known;
    const made = { units: new Map<number, Unit>(), unreachable: false };
    this.servers.set(address, made);
    return made;
  }

  private unit(address: string, number: number, at: number): Unit | null {
    const known = this.servers.get(address)?.units.get(number);
    if (known !== undefined) return known;
    if (this.count >= MAX_UNITS) {
      this.refused++;
      return null;
    }
    this.count++;
    const unit = { number, firstAt: at, lastAt: at, answers: 0, polled: 0, attributes: [] };
    this.server(address).units.set(number, unit);
    return unit;
  }
}

function evidenceOf(server: Server, units: readonly Unit[]): string {
  if (units.length < 2) return '';
  if (server.unreachable) return 'Modbus exceptions 10, 11';
  const identities = new Set(units.map(identityOf).filter((identity) => identity !== ''));
  if (identities.size > 1) return 'Modbus identification by unit';
  const polled = units.filter((unit) => unit.answers + unit.polled >= POLLED);
  return polled.length < 2 ? '' : `polls of units ${polled.map((unit) => unit.number).join(', ')}`.slice(0, 80);
}

const identityOf = (unit: Unit): string => {
  const said = { attributes: unit.attributes } as Asset;
  return [best(said, 'vendor'), best(said, 'product'), best(said, 'model'), best(said, 'name')].join(' ').trim();
};
