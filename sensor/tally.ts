import type { Interface } from './capture/source.ts';
import { byFrames, type Ceiling, type Coverage, type InterfaceCoverage, type ProtocolCoverage } from './coverage.ts';
import type { Decoder } from './decode/decode.ts';
import { MAX_DATAGRAMS } from './decode/fragments.ts';
import { MAX_ADDRESSES } from './flow/address.ts';
import { type Flow, UNDECIDED } from './flow/flow.ts';
import { transportName } from './flow/report.ts';
import { MAX_HELD_IN_ALL, type Streams } from './flow/stream.ts';
import { type FlowTable, MAX_FLOWS } from './flow/table.ts';
import { MAX_OPERATIONS, type Operations } from './operations.ts';
import { type Dispatch, MAX_PENDING_IN_ALL } from './protocols/dispatch.ts';

/** IANA protocol number. */
const TCP = 6;
/** Protocol names reported on one by one; what comes after is summed up as `other`. */
export const MAX_PROTOCOLS = 256;

/** Of one interface. */
export type Counts = Pick<InterfaceCoverage, 'frames' | 'bytes' | 'truncated' | 'undecoded' | 'duplicates'>;

/** Counts what was seen and what was not. */
export class Tally {
  clockSteps = 0;
  /** By number of the interface. */
  readonly interfaces: Counts[] = [];
  private readonly protocols = new Map<string, ProtocolCoverage>();
  private fragments = 0;
  private fragmentBytes = 0;

  frame(id: number, length: number): void {
    const counts = this.interfaces[id] ?? this.first(id);
    counts.frames++;
    counts.bytes += length;
  }

  truncated(id: number): void {
    (this.interfaces[id] as Counts).truncated++;
  }

  undecoded(id: number): void {
    (this.interfaces[id] as Counts).undecoded++;
  }

  duplicate(id: number): void {
    (this.interfaces[id] as Counts).duplicates++;
  }

  fragment(length: number): void {
    this.fragments++;
    this.fragmentBytes += length;
  }

  /** Adds a flow that ended. */
  flow(flow: Flow): void {
    add(this.protocols, flow);
  }

  coverage(interfaces: readonly Interface[], open: FlowTable, ceilings: Ceiling[]): Coverage {
    const protocols = new Map([...this.protocols].map(([name, counts]) => [name, { ...counts }]));
    open.each((flow) => add(protocols, flow));
    if (this.fragments > 0) merge(protocols, 'ip-fragment', { ...nothing('ip-fragment'), frames: this.fragments, bytes: this.fragmentBytes });
    return {
      interfaces: interfaces.map(
        (known, id): InterfaceCoverage => ({
          name: known.name,
          dropped: known.dropped,
          ...(known.up === undefined ? {} : { up: known.up }),
          ...(known.driver === undefined ? {} : { driver: known.driver }),
          ...(this.interfaces[id] ?? this.first(id)),
        }),
      ),
      protocols: [...protocols.values()].sort(byFrames),
      ceilings,
      clock_steps: this.clockSteps,
    };
  }

  ceilings(table: FlowTable, operations: Operations, streams: Streams, dispatch: Dispatch): Ceiling[] {
    return [
      { name: 'flows', limit: MAX_FLOWS, used: table.count, hit: table.evicted },
      { name: 'operations', limit: MAX_OPERATIONS, used: operations.size, hit: operations.refused + operations.retired },
      { name: 'bytes held for order', limit: MAX_HELD_IN_ALL, used: streams.held, hit: streams.overflowed },
      { name: 'segments outside any window', limit: 0, used: 0, hit: streams.outside },
      { name: 'bytes held for a message', limit: MAX_PENDING_IN_ALL, used: dispatch.waiting, hit: dispatch.overflowed },
    ];
  }

  /** Of what every sensor knows that is given the same frames, whoever's they are. */
  commonCeilings({ addresses }: FlowTable, { fragments }: Decoder): Ceiling[] {
    return [
      { name: 'ipv6 and link addresses', limit: MAX_ADDRESSES, used: addresses.count, hit: addresses.refused },
      { name: 'fragmented datagrams', limit: MAX_DATAGRAMS, used: fragments.size, hit: fragments.evicted },
      { name: 'datagrams that stayed in pieces', limit: 0, used: 0, hit: fragments.lost },
    ];
  }

  private first(id: number): Counts {
    const counts = { frames: 0, bytes: 0, truncated: 0, undecoded: 0, duplicates: 0 };
    this.interfaces[id] = counts;
    return counts;
  }
}

const nothing = (protocol: string): ProtocolCoverage => ({
  protocol,
  flows: 0,
  frames: 0,
  bytes: 0,
  messages: 0,
  one_sided: 0,
  gaps: 0,
  lost_bytes: 0,
  retransmitted: 0,
  duplicates: 0,
  flaws: 0,
  opaque: 0,
});

function add(protocols: Map<string, ProtocolCoverage>, flow: Flow): void {
  const { near, far, dissector } = flow;
  merge(protocols, flow.service || transportName(flow.protocol), {
    protocol: '',
    flows: 1,
    frames: near.frames + far.frames,
    bytes: near.bytes + far.bytes,
    messages: dissector?.messages ?? 0,
    one_sided: oneSided(flow) ? 1 : 0,
    gaps: flow.gaps,
    lost_bytes: flow.lostBytes,
    retransmitted: flow.retransmitted,
    duplicates: flow.duplicates,
    flaws: flow.flaws + (dissector?.flaws ?? 0),
    opaque: dissector?.opaque ?? 0,
  });
}

/** A TCP connection that carries data is acknowledged: when the other side was never seen, the mirror does not show it. */
function oneSided(flow: Flow): boolean {
  return flow.protocol === TCP && flow.state !== UNDECIDED && (flow.near.frames === 0 || flow.far.frames === 0);
}

function merge(protocols: Map<string, ProtocolCoverage>, name: string, more: ProtocolCoverage): void {
  const key = protocols.has(name) || protocols.size < MAX_PROTOCOLS ? name : 'other';
  const counts = protocols.get(key) ?? nothing(key);
  protocols.set(key, counts);
  for (const field of Object.keys(more) as (keyof ProtocolCoverage)[]) {
    if (field !== 'protocol') counts[field] += more[field];
  }
}
