/** What the kernel may leave out before it reaches the sensor, as classic BPF: a few named choices. Whatever is left out is not seen by anybody. */

import { SPREAD } from '../share.ts';
import { encoded, type Instruction } from './bpf.ts';
import { InputError } from './source.ts';

/** Opcodes of linux/bpf_common.h. */
const LD_W_ABS = 0x20;
const LD_H_ABS = 0x28;
const LD_B_ABS = 0x30;
const LD_H_IND = 0x48;
const LDX_MSH = 0xb1;
const LDX_IMM = 0x01;
const TAX = 0x07;
const XOR_X = 0xac;
const MUL = 0x24;
const RSH = 0x74;
const RET_A = 0x16;
const JA = 0x05;
const JEQ = 0x15;
const JSET = 0x45;
const RET = 0x06;
const KEEP = 0xffff_ffff;

const IPV4 = 0x0800;
const IPV6 = 0x86dd;
const TAGS = [0x8100, 0x88a8];
const TCP = 6;
const UDP = 17;
/** Where an IPv4 fragment belongs: behind the first one there are no ports. */
const FRAGMENT_OFFSET = 0x1fff;
/** Of any fragment: where it belongs, or that more follow. */
const FRAGMENT = 0x3fff;

/** Ports of TCP and UDP, and whether frames to or from one of them are kept or left out. Frames that are no TCP and no UDP are always kept. */
type Preset = { readonly ports: readonly number[]; readonly keeps: boolean };

/** iSCSI, NFS, SMB, RTSP, Veeam, rsync, Commvault, NetBackup, NDMP. */
const BULK = [3260, 2049, 445, 554, 6160, 6162, 873, 8400, 8403, 1556, 13724, 10000];
/** Modbus and its TLS, OPC UA and its vendors' ports, S7, EtherNet/IP, DNP3, IEC 104, BACnet, DNS, DHCP. */
const CONTROL = [502, 802, 4840, 4841, 4843, 4897, 48010, 48020, 49320, 53530, 62541, 102, 44818, 2222, 20000, 2404, 47808, 53, 67, 68];

const PRESETS = {
  /** Nothing is left out. */
  all: null,
  /** Storage, backup and video are left out, by their ports. */
  'no-bulk': { ports: BULK, keeps: false },
  /** Only industrial protocols on their usual ports, and what names devices: for links that are too fast otherwise. */
  control: { ports: CONTROL, keeps: true },
} as const satisfies { readonly [name: string]: Preset | null };

export const FILTERS: readonly string[] = Object.keys(PRESETS);

const presetOf = (name: string): Preset | null | undefined => (PRESETS as { [name: string]: Preset | null })[name];

/** As a filter expression of libpcap; what is no name of a preset is one already. */
export function expressionOf(name: string): string {
  const preset = presetOf(name);
  if (preset === undefined) return name;
  if (preset === null) return '';
  const ports = preset.ports.map((port) => `port ${port}`).join(' or ');
  const wanted = preset.keeps ? `(not tcp and not udp) or ${ports}` : ports;
  // Behind `vlan` every offset is that of a tagged frame.
  const either = `(${wanted}) or (vlan and (${wanted}))`;
  return preset.keeps ? either : `not (${either})`;
}

/** One instruction; `yes` and `no` name the label that a jump goes to, absent for the next one. */
type Step = { readonly label?: string; readonly code: number; readonly k: number; readonly yes?: string; readonly no?: string };

/** The ports of an IP packet whose header begins at `at`; TCP and UDP have theirs in the same place. */
function portsOf(at: number, version: 4 | 6, wanted: readonly number[]): Step[] {
  const name = `${at}/${version}`;
  const place: Step[] = [
    { code: LD_H_ABS, k: at + 6 },
    { code: JSET, k: FRAGMENT_OFFSET, yes: 'keep' },
    { code: LDX_MSH, k: at },
  ];
  const [first, ...rest] = version === 4 ? place : [{ code: LDX_IMM, k: 40 }];
  return [
    { label: name, code: LD_B_ABS, k: version === 4 ? at + 9 : at + 6 },
    { code: JEQ, k: TCP, yes: `${name} ports` },
    { code: JEQ, k: UDP, no: 'keep' },
    { ...(first as Step), label: `${name} ports` },
    ...rest,
    ...[0, 2].flatMap((side): Step[] => [{ code: LD_H_IND, k: at + side }, ...wanted.map((port): Step => ({ code: JEQ, k: port, yes: 'match' }))]),
    { code: JA, k: 0, yes: 'miss' },
  ];
}

/** An Ethernet frame, untagged or with one tag that is still in it. Jumps go forward only. */
function stepsOf({ ports: wanted, keeps }: Preset): Step[] {
  const type = (at: number): Step[] => [
    { label: `type ${at}`, code: LD_H_ABS, k: at },
    { code: JEQ, k: IPV4, yes: `${at + 2}/4` },
    { code: JEQ, k: IPV6, yes: `${at + 2}/6` },
  ];
  return [
    ...type(12),
    ...TAGS.map((tag): Step => ({ code: JEQ, k: tag, yes: 'type 16' })),
    { code: JA, k: 0, yes: 'keep' },
    ...type(16),
    { code: JA, k: 0, yes: 'keep' },
    ...([14, 18] as const).flatMap((at) => ([4, 6] as const).flatMap((version) => portsOf(at, version, wanted))),
    { label: 'keep', code: RET, k: KEEP },
    { label: 'match', code: RET, k: keeps ? KEEP : 0 },
    { label: 'miss', code: RET, k: keeps ? 0 : KEEP },
  ];
}

/** With labels turned into the distances that jumps have. */
function assembled(steps: readonly Step[]): Buffer {
  const labels = new Map(steps.flatMap(({ label }, i) => (label === undefined ? [] : [[label, i] as const])));
  return encoded(
    steps.map(({ code, k, yes, no }, i): Instruction => {
      const jump = (label: string | undefined): number => (label === undefined ? 0 : (labels.get(label) as number) - i - 1);
      return code === JA ? [code, 0, 0, jump(yes)] : [code, jump(yes), jump(no), k];
    }),
  );
}

/** The instructions of a preset; null for none. */
export function filterProgram(name: string): Buffer | null {
  const preset = presetOf(name);
  if (preset === undefined)
    throw new InputError(`the ring driver knows the filters ${FILTERS.join(', ')}; an expression such as "${name}" needs --driver pcap`);
  return preset === null ? null : assembled(stepsOf(preset));
}

/** Offsets from here on are those of the network header, wherever that is (linux/filter.h: SKF_NET_OFF). */
const NETWORK = -0x100000;
const PROTOCOL = -0x1000;

/** Words of the addresses, from the beginning of the network header. */
const ADDRESSES = {
  4: { source: [12], destination: [16] },
  6: { source: [8, 12, 16, 20], destination: [24, 28, 32, 36] },
} as const;

/** Returns what is dealt by: these words of the network header. */
function mixed(label: string, words: readonly number[]): Step[] {
  return [
    { label, code: LD_W_ABS, k: NETWORK + (words[0] as number) },
    ...words.slice(1).flatMap((at): Step[] => [
      { code: TAX, k: 0 },
      { code: LD_W_ABS, k: NETWORK + at },
      { code: XOR_X, k: 0 },
    ]),
    // The low bits alone would be those of neighbouring addresses.
    { code: MUL, k: SPREAD },
    { code: RSH, k: 16 },
    { code: RET_A, k: 0 },
  ];
}

/** One version of IP. Whole TCP segments with one of the joined ports are the first member's. */
function dealt(version: 4 | 6, joined: readonly number[]): Step[] {
  const { source, destination } = ADDRESSES[version];
  const pair = `${version} pair`;
  const port = (side: number): Step => (version === 4 ? { code: LD_H_IND, k: NETWORK + side } : { code: LD_H_ABS, k: NETWORK + 40 + side });
  const among = joined.map((k): Step => ({ code: JEQ, k, yes: 'first' }));
  const place: Step[] = [
    { code: LD_H_ABS, k: NETWORK + 6 },
    { code: JSET, k: FRAGMENT, yes: pair },
    { code: LDX_MSH, k: NETWORK },
  ];
  return [
    { label: `ipv${version}`, code: LD_B_ABS, k: NETWORK + (version === 4 ? 9 : 6) },
    { code: JEQ, k: TCP, no: pair },
    ...(version === 4 ? place : []),
    port(0),
    ...among,
    port(2),
    ...among,
    ...mixed(pair, [...source, ...destination]),
  ];
}

/**
 * Deals frames out to the members of a group, as the remainder of what it returns, as `share.ts` does: by the two addresses of IP, whichever is the sender's, so that all of two
 * devices' conversations come to one sensor; those with one of the `joined` ports and what is not IP to the first. Pieces of an IP packet go by both addresses: only the first of
 * them has ports.
 */
export function fanoutProgram(joined: readonly number[]): Buffer {
  return assembled([
    { code: LD_W_ABS, k: PROTOCOL },
    { code: JEQ, k: IPV4, yes: 'ipv4' },
    { code: JEQ, k: IPV6, yes: 'ipv6' },
    { code: JA, k: 0, yes: 'first' },
    ...dealt(4, joined),
    ...dealt(6, joined),
    { label: 'first', code: RET, k: 0 },
  ]);
}
