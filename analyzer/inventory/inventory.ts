import { timestamp } from '../../sensor/observation.ts';
import { type Asset, type AttributeName, behindGateway, best, type Confidence } from '../asset.ts';
import { idOf } from '../hash.ts';
import { isDevice, isLinkLocal, isMac } from './address.ts';
import { addTo } from './attributes.ts';
import { Units } from './units.ts';

/** Devices kept. Past it newcomers are counted only: a sweep of a whole /16 must not push out the plant. */
export const MAX_ASSETS = 65_536;
/** Addresses that one device may show. */
const MAX_ALIASES = 16;

type Entry = { asset: Asset; learningUntil: number; lastAt: number };

/** Who exists and what it is, with the evidence for each attribute. */
export class Inventory {
  /** Devices that found no place. */
  refused = 0;
  /** Devices behind gateways. */
  readonly units = new Units();
  private readonly entries = new Map<string, Entry>();
  /** The address that a link address belongs to, as far as it belongs to one. */
  private readonly byMac = new Map<string, string>();
  /** Addresses that turned out to be another device's second one. */
  private readonly alias = new Map<string, string>();
  private readonly learn: number;
  private start = Number.NaN;

  /** `learn`: ms that each device is learned for, from when it is first seen. `known`: devices of an earlier baseline, learned already. */
  constructor(learn: number, known: readonly Asset[] = []) {
    this.learn = learn;
    for (const asset of known) {
      if (behindGateway(asset.address) !== null) {
        this.units.load(asset);
        continue;
      }
      this.entries.set(asset.address, { asset: structuredClone(asset), learningUntil: Number.NEGATIVE_INFINITY, lastAt: Number.NEGATIVE_INFINITY });
      for (const mac of asset.mac) this.byMac.set(mac, asset.address);
    }
  }

  get size(): number {
    return this.entries.size + this.units.size;
  }

  /** Every device; those behind a gateway right after it. */
  all(): Asset[] {
    return [...this.entries.values()].flatMap((entry) => this.units.split(entry.asset));
  }

  get(address: string): Asset | undefined {
    return this.entries.get(this.whose(address))?.asset;
  }

  /** When the device's learning ends, ms; of a device never seen, never. */
  learningUntil(address: string): number {
    return this.entries.get(this.whose(address))?.learningUntil ?? Number.NEGATIVE_INFINITY;
  }

  /** States follow capture time: called before assets are handed out. */
  settle(at: number): void {
    for (const entry of this.entries.values()) {
      entry.asset.state = at >= entry.learningUntil ? 'protected' : 'learning';
      if (entry.lastAt > Number.NEGATIVE_INFINITY) entry.asset.last_seen = timestamp(entry.lastAt);
    }
  }

  /** Notes that a device was seen. `new` when it is met after the network was learned, `learning` when met before, else `known`. */
  see(address: string, at: number): 'known' | 'new' | 'learning' {
    if (Number.isNaN(this.start)) this.start = at;
    const entry = this.entries.get(this.whose(address));
    if (entry !== undefined) {
      if (at > entry.lastAt) entry.lastAt = at;
      return 'known';
    }
    if (!isDevice(address)) return 'known';
    if (this.entries.size >= MAX_ASSETS) {
      this.refused++;
      return 'known';
    }
    this.add(address, at);
    return at < this.start + this.learn ? 'learning' : 'new';
  }

  private add(address: string, at: number): void {
    const seen = timestamp(at);
    const learningUntil = at + this.learn;
    const mac = isMac(address);
    const asset: Asset = {
      id: idOf('asset', address),
      address,
      ip: mac ? [] : [address],
      mac: mac ? [address] : [],
      first_seen: seen,
      last_seen: seen,
      state: this.learn > 0 ? 'learning' : 'protected',
      learning_until: timestamp(learningUntil),
      attributes: [],
    };
    this.entries.set(address, { asset, learningUntil, lastAt: at });
  }

  /** Adds what an observation says of a device. The same value again only renews its date; a surer source takes over. */
  note(address: string, name: AttributeName, value: string, source: string, confidence: Confidence, at: number, frame: number): void {
    const entry = this.entries.get(this.whose(address));
    if (entry !== undefined) addTo(entry.asset.attributes, { name, value, source, confidence, at, frame });
  }

  /** Takes in devices of an earlier baseline: what was not seen this time stays, what was keeps its first date and older evidence. */
  merge(earlier: readonly Asset[]): void {
    for (const before of earlier) {
      if (behindGateway(before.address) !== null) {
        this.units.load(before);
        continue;
      }
      const now = this.entries.get(before.address)?.asset;
      if (now === undefined) {
        this.entries.set(before.address, { asset: structuredClone(before), learningUntil: Number.NEGATIVE_INFINITY, lastAt: Number.NEGATIVE_INFINITY });
        continue;
      }
      if (before.first_seen < now.first_seen) now.first_seen = before.first_seen;
      for (const attribute of before.attributes) {
        if (!now.attributes.some((a) => a.name === attribute.name && a.value === attribute.value)) now.attributes.push(structuredClone(attribute));
      }
    }
  }

  /**
   * A device showed a link address. What was known by that link address alone, or by a link-local IPv6 address on the same one, is the
   * same device.
   */
  mac(address: string, mac: string): void {
    const entry = this.entries.get(address);
    if (entry === undefined || isMac(address) || entry.asset.mac.includes(mac) || entry.asset.mac.length >= MAX_ALIASES) return;
    entry.asset.mac.push(mac);
    const owner = this.byMac.get(mac);
    if (owner === undefined || isLinkLocal(owner)) this.byMac.set(mac, address);
    this.absorb(mac, entry);
    if (owner === undefined || owner === address) return;
    if (isLinkLocal(owner)) this.absorb(owner, entry);
    else if (isLinkLocal(address)) this.absorb(address, this.entries.get(owner));
  }

  /** Makes one device of two: `into` is the one that stays. */
  private absorb(address: string, into: Entry | undefined): void {
    const entry = this.entries.get(address);
    if (entry === undefined || into === undefined || entry === into) return;
    this.entries.delete(address);
    this.alias.set(address, into.asset.address);
    if (!isMac(address) && into.asset.ip.length < MAX_ALIASES) into.asset.ip.push(address);
    if (entry.asset.first_seen < into.asset.first_seen) into.asset.first_seen = entry.asset.first_seen;
    into.asset.attributes.push(
      ...entry.asset.attributes.filter((a) => !into.asset.attributes.some((known) => known.name === a.name && known.value === a.value)),
    );
  }

  /** The address under which a device is kept. */
  private whose(address: string): string {
    const owner = (isMac(address) ? this.byMac.get(address) : undefined) ?? this.alias.get(address) ?? address;
    return this.alias.get(owner) ?? owner;
  }

  /** What people call a device: its best name before its address. */
  label(address: string): string {
    const name = this.name(address);
    return name === null ? address : `${name} (${address})`;
  }

  name(address: string): string | null {
    const asset = this.entries.get(address)?.asset;
    return asset === undefined ? null : best(asset, 'name') || best(asset, 'hostname') || null;
  }

  role(address: string): string {
    const asset = this.entries.get(address)?.asset;
    return asset === undefined ? '' : best(asset, 'role');
  }
}
