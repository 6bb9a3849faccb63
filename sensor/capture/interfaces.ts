/** Network interfaces of this machine as Linux tells them in /sys/class/net, and which of them looks like a mirror port. */
import { readdirSync, readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { InputError } from './source.ts';

const SYS = '/sys/class/net';

/** ARPHRD_ numbers of linux/if_arp.h. */
const ETHER = 1;
const LOOPBACK = 772;
const NONE = 0xfffe;

/** IFF_UP, IFF_NOARP. */
const UP = 1;
const NOARP = 0x80;
/** Bytes of a payload that every frame on an Ethernet without jumbo frames fits in. */
const LARGEST = 1500;

export type NetworkInterface = {
  name: string;
  /** Administratively up. */
  up: boolean;
  /** A link partner is there, as far as the driver says. */
  carrier: boolean;
  /** ARPHRD_ number. */
  hardware: number;
  /** `bridge`, `tunnel`, `loopback`, `ethernet`, `other`. */
  kind: string;
  mtu: number;
  /** It has addresses of its own: a mirror port needs none. */
  addresses: string[];
  received: number;
  transmitted: number;
};

function file(name: string, path: string): string {
  try {
    return readFileSync(`${SYS}/${name}/${path}`, 'utf8').trim();
  } catch {
    return '';
  }
}

function entries(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return [];
  }
}

/** Frames that an interface received and sent since it was made. */
export const counters = (name: string): { received: number; transmitted: number } => ({
  received: Number(file(name, 'statistics/rx_packets')),
  transmitted: Number(file(name, 'statistics/tx_packets')),
});

function kindOf(name: string, hardware: number): string {
  if (hardware === LOOPBACK) return 'loopback';
  if (entries(`${SYS}/${name}/bridge`).length > 0) return 'bridge';
  if (hardware === NONE || entries(`${SYS}/${name}`).includes('tun_flags')) return 'tunnel';
  return hardware === ETHER ? 'ethernet' : 'other';
}

/** The interface's index, 0 when there is none of that name. Needs no system call that a confined process may not make. */
export const indexOf = (name: string): number => (name.includes('/') ? 0 : Number(file(name, 'ifindex')));

/** Whether it is administratively up. */
export const isUp = (name: string): boolean => (Number(file(name, 'flags')) & UP) !== 0;

/** null when there is none of that name. */
export function networkInterface(name: string): NetworkInterface | null {
  if (indexOf(name) === 0) return null;
  const hardware = Number(file(name, 'type'));
  return {
    name,
    up: isUp(name),
    carrier: file(name, 'carrier') === '1',
    hardware,
    kind: kindOf(name, hardware),
    mtu: Number(file(name, 'mtu')),
    addresses: (networkInterfaces()[name] ?? []).map(({ address }) => address),
    ...counters(name),
  };
}

export const allInterfaces = (): NetworkInterface[] => entries(SYS).flatMap((name) => networkInterface(name) ?? []);

/** Their names, on systems without /sys as Node has them. */
const names = (): string => {
  const all = allInterfaces();
  if (all.length === 0) return Object.keys(networkInterfaces()).join(', ') || 'none';
  return all.map(({ name, up, kind }) => `${name} (${[up ? 'up' : 'down', ...(kind === 'ethernet' ? [] : [kind])].join(', ')})`).join(', ');
};

/** The interface that looks most like a mirror port: Ethernet, up, without addresses, receiving and never sending. null when none does. */
export function likelyMirror(all: readonly NetworkInterface[]): NetworkInterface | null {
  const candidates = all.filter(({ kind, up, addresses }) => kind === 'ethernet' && up && addresses.every((address) => address.startsWith('fe80')));
  const weight = (one: NetworkInterface): number => one.received - one.transmitted * 1000 - one.addresses.length;
  return candidates.sort((a, b) => weight(b) - weight(a))[0] ?? null;
}

/** One line that lists the interfaces there are, with the one to try. */
export function suggestion(): string {
  const mirror = likelyMirror(allInterfaces());
  return `interfaces here: ${names()}${mirror === null ? '' : `; ${mirror.name} looks like a mirror port: --interface ${mirror.name}`}`;
}

/** The interface to capture from. Throws an InputError of one line, with the fix, when it is not there, is down, or is of a kind that cannot be. */
export function usable(name: string): NetworkInterface {
  const found = networkInterface(name);
  if (found === null) throw new InputError(`there is no interface "${name}"; ${suggestion()}`);
  if (found.kind === 'tunnel')
    throw new InputError(`${name} is a tunnel and has no Ethernet frames; capture from the interface that carries it. ${suggestion()}`);
  if (found.kind === 'other') throw new InputError(`${name} is no Ethernet interface (ARPHRD ${found.hardware}); ${suggestion()}`);
  if (found.kind === 'bridge') throw new InputError(`${name} is a bridge: capture from its port, where every frame is seen once. ${suggestion()}`);
  if (!found.up) throw new InputError(`interface ${name} is down; bring it up with: ip link set ${name} up`);
  return found;
}

/** What keeps an interface from being purely passive, or from seeing everything, each with its fix. */
export function concerns({ name, addresses, kind, mtu, carrier, up }: NetworkInterface): { what: string; fix: string }[] {
  const out: { what: string; fix: string }[] = [];
  if (kind === 'loopback') return out;
  if (addresses.length > 0) out.push({ what: `has addresses (${addresses.join(', ')}) and answers to them`, fix: `ip address flush dev ${name}` });
  if (sysctl(`ipv6/conf/${name}/disable_ipv6`) === '0') {
    out.push({ what: 'speaks IPv6 by itself (neighbour discovery)', fix: `sysctl -w net.ipv6.conf.${name}.disable_ipv6=1` });
  }
  if ((Number(file(name, 'flags')) & NOARP) === 0) out.push({ what: 'answers ARP', fix: `ip link set ${name} arp off` });
  if (mtu < LARGEST) out.push({ what: `cuts frames longer than ${mtu} bytes off`, fix: `ip link set ${name} mtu ${LARGEST}` });
  if (up && !carrier) out.push({ what: 'has no link', fix: 'check the cable and the mirror port' });
  return out;
}

function sysctl(path: string): string {
  try {
    return readFileSync(`/proc/sys/net/${path}`, 'utf8').trim();
  } catch {
    return '';
  }
}

/** Other programs that capture from it, in words with what to make of it; null for none. */
export function shared(name: string): { says: string; fix: string } | null {
  const count = listeners(name);
  if (count === 0) return null;
  const says = count === 1 ? 'another program captures from it' : `${count} other programs capture from it`;
  return { says, fix: 'fine if meant; a second Stillwatch finds everything twice, and needs a STILLWATCH_STATE and STILLWATCH_LISTEN of its own' };
}

/** Packet sockets that take everything from an interface (protocol ETH_P_ALL), as /proc/net/packet tells them. */
function listeners(name: string): number {
  const index = indexOf(name);
  let table = '';
  try {
    table = readFileSync('/proc/net/packet', 'utf8');
  } catch {}
  return table.split('\n').filter((line) => {
    const [, , , protocol, on] = line.trim().split(/\s+/);
    return protocol === '0003' && Number(on) === index;
  }).length;
}
