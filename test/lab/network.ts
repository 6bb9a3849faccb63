/**
 * The plant's network: every host in a network namespace of its own, joined by a bridge in one more, which is the switch and
 * its mirror port. Nothing leads out. Needs root, iproute2 and ethtool (Linux).
 */
import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type PlantHost = {
  name: string;
  ip: string;
  mac: string;
  role: string;
  /** Background traffic of the host: any of ntp, dns, mdns, nbns, dhcp. */
  habits: readonly string[];
  /** Has a link-local IPv6 address, as office machines do. */
  ipv6?: boolean;
};

const host = (name: string, ip: string, mac: string, role: string, habits = '', ipv6 = false): PlantHost => ({
  name,
  ip,
  mac,
  role,
  habits: habits === '' ? [] : habits.split(' '),
  ipv6,
});

/** Vendors by OUI: Hirschmann, Schneider Electric, Beckhoff, Moxa, Siemens, Dell, HP, VMware, Wistron (Lenovo), Raspberry Pi. */
export const HOSTS = [
  host('services', '10.20.0.1', '00:80:63:0a:00:01', 'router with NTP, DNS and DHCP'),
  host('plc-tank', '10.20.1.11', '00:80:f4:0a:01:11', 'PLC of pump P-1 and tank T-1', 'ntp'),
  host('plc-valve', '10.20.1.12', '00:01:05:0a:01:12', 'PLC of valve V-1', 'ntp'),
  host('gateway', '10.20.1.20', '00:90:e8:0a:01:20', 'Modbus gateway to a meter, a dosing skid and a transmitter'),
  host('opcua', '10.20.1.30', '00:1b:1b:0a:01:30', 'OPC UA server of the process', 'ntp dns'),
  host('hmi', '10.20.2.10', 'd4:ae:52:0a:02:10', 'operator station', 'ntp dns nbns dhcp', true),
  host('historian', '10.20.2.20', '3c:d9:2b:0a:02:20', 'historian', 'ntp dns mdns dhcp', true),
  host('mes', '10.20.2.30', '00:50:56:0a:02:30', 'production planning', 'dns mdns', true),
  host('engineering', '10.20.3.10', '54:ee:75:0a:03:10', 'engineering station', 'ntp dns nbns dhcp', true),
  host('attacker', '10.20.9.66', 'b8:27:eb:0a:09:66', 'a small computer somebody plugged in'),
] as const;

export const hostNamed = (name: string): PlantHost => {
  const found = HOSTS.find((one) => one.name === name);
  if (found === undefined) throw new Error(`no host ${name}`);
  return found;
};

const SWITCH = 'stillwatch-switch';
export const BRIDGE = 'br0';
const space = (name: string) => `stillwatch-${name}`;

const run = (command: string, ...args: string[]) => execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
const ip = (...args: string[]) => run('ip', ...args);

/** What a host looks names up in before it asks anybody; a library that asks for its own name would wait ten seconds for no answer. */
const HOSTS_FILE = join(tmpdir(), 'stillwatch-lab-hosts');

/** Gives what it starts a host name and a hosts file of its own: `ip netns exec` has already put it into a mount namespace. */
const NAMED = ['unshare', '--uts', 'sh', '-c', `mount --bind ${HOSTS_FILE} /etc/hosts; echo "$0" > /proc/sys/kernel/hostname; exec "$@"`];

/** The command line that runs `args` on a host, or on the switch. */
export function on(name: string, ...args: string[]): [string, string[]] {
  return ['ip', ['netns', 'exec', name === 'switch' ? SWITCH : space(name), ...NAMED, name, ...args]];
}

function inside(name: string, ...args: string[]): string {
  const [command, all] = on(name, ...args);
  return run(command, ...all);
}

const setting = (name: string, key: string, value: number) => inside(name, 'sh', '-c', `echo ${value} > /proc/sys/net/${key}`);

/** Builds switch and hosts; links of hosts named in `later` stay down until `plugIn`. */
export function build(later: readonly string[] = []): void {
  remove();
  writeFileSync(HOSTS_FILE, ['127.0.0.1 localhost', ...HOSTS.map((one) => `${one.ip} ${one.name}`), ''].join('\n'));
  ip('netns', 'add', SWITCH);
  setting('switch', 'ipv6/conf/all/disable_ipv6', 1);
  setting('switch', 'ipv6/conf/default/disable_ipv6', 1);
  // A bridge that forwards and says nothing: no spanning tree, no multicast queries, no delay.
  ip('-n', SWITCH, 'link', 'add', BRIDGE, 'type', 'bridge', 'stp_state', '0', 'forward_delay', '0', 'mcast_snooping', '0');
  ip('-n', SWITCH, 'link', 'set', BRIDGE, 'up');
  for (const one of HOSTS) attach(one, later.includes(one.name));
}

function attach(one: PlantHost, down: boolean): void {
  const ns = space(one.name);
  const port = `p-${one.name}`;
  ip('netns', 'add', ns);
  setting(one.name, 'ipv6/conf/all/disable_ipv6', one.ipv6 ? 0 : 1);
  setting(one.name, 'ipv6/conf/default/disable_ipv6', one.ipv6 ? 0 : 1);
  ip('-n', SWITCH, 'link', 'add', port, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', ns);
  ip('-n', ns, 'link', 'set', 'lo', 'up');
  ip('-n', ns, 'link', 'set', 'eth0', 'address', one.mac);
  // Without these a frame on the mirror port would be 64 kB long and its checksums unfinished.
  for (const [name, device] of [[one.name, 'eth0'] as const, ['switch', port] as const])
    inside(name, 'ethtool', '-K', device, 'tx', 'off', 'tso', 'off', 'gso', 'off', 'gro', 'off');
  ip('-n', SWITCH, 'link', 'set', port, 'master', BRIDGE, 'up');
  ip('-n', ns, 'addr', 'add', `${one.ip}/16`, 'dev', 'eth0');
  setting(one.name, 'ipv4/conf/eth0/arp_notify', 1);
  if (!down) plugIn(one.name);
}

/** Connects a host's cable. */
export function plugIn(name: string): void {
  ip('-n', space(name), 'link', 'set', 'eth0', 'up');
  if (name !== 'services') ip('-n', space(name), 'route', 'replace', 'default', 'via', hostNamed('services').ip);
}

/** A gratuitous ARP for every address of the host: with `arp_notify` Linux sends them when a MAC address is set, be it the same one. */
export function announce(name: string): void {
  ip('-n', space(name), 'link', 'set', 'eth0', 'address', hostNamed(name).mac);
}

/** Gives a host a further address and announces it. */
export function takeAddress(name: string, address: string): void {
  ip('-n', space(name), 'addr', 'add', `${address}/16`, 'dev', 'eth0');
  announce(name);
}

export function dropAddress(name: string, address: string): void {
  ip('-n', space(name), 'addr', 'del', `${address}/16`, 'dev', 'eth0');
}

/** Removes whatever is left of the plant. Processes in it must have ended. */
export function remove(): void {
  const there = new Set(
    ip('netns', 'list')
      .split('\n')
      .map((line) => line.split(' ')[0] ?? ''),
  );
  for (const ns of [...HOSTS.map((one) => space(one.name)), SWITCH]) if (there.has(ns)) ip('netns', 'delete', ns);
  rmSync(HOSTS_FILE, { force: true });
}
