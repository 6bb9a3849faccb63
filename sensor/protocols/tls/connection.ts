import { type Observation, OUTCOMES, timestamp } from '../../observation.ts';
import { trouble } from '../../trouble.ts';
import type { Dissector, FlowInfo, Side, Sink } from '../dissector.ts';
import { alertName, isHarmless } from './alerts.ts';
import { Assembly } from './assembly.ts';
import { certificateMessage } from './certificates.ts';
import { Handshake } from './handshake.ts';
import { clientHello, serverHello, TLS13 } from './hello.ts';
import { type Ledger, ledgerOf } from './ledger.ts';
import { ALERT, APPLICATION_DATA, CHANGE_CIPHER_SPEC, fragmentLength, HANDSHAKE, HEADER, nextRecord, plausible } from './record.ts';

/** Handshake types: RFC 5246, 7.4. */
const CLIENT_HELLO = 1;
const SERVER_HELLO = 2;
const CERTIFICATE = 11;
const CERTIFICATE_REQUEST = 13;
const SERVER_HELLO_DONE = 14;

/** Malformed spots of one connection that are told one by one; the rest is counted. */
const MAX_FLAWS = 100;

/** One direction. */
type Lane = {
  readonly assembly: Assembly;
  /** Its ChangeCipherSpec was seen: what follows cannot be read. */
  encrypted: boolean;
  /** A hello came and nothing was lost since: what looks like a handshake message is one. */
  sure: boolean;
  /** Looking for a record: behind a hole, or (`flawed`) behind bytes that are none. */
  adrift: boolean;
  flawed: boolean;
  /** Bytes passed over since. */
  skipped: number;
};

const lane = (ledger: Ledger): Lane => ({ assembly: new Assembly(ledger), encrypted: false, sure: false, adrift: false, flawed: false, skipped: 0 });

/** A TLS connection of a protocol that is named `protocol`: its handshakes are told, the rest is counted as opaque. */
export class Connection implements Dissector {
  client: Side | -1 = -1;
  messages = 0;
  flaws = 0;
  opaque = 0;
  private readonly flow: FlowInfo;
  private readonly sink: Sink;
  private readonly protocol: string;
  private readonly ports: readonly number[];
  private readonly ledger: Ledger;
  private readonly lanes: readonly [Lane, Lane];
  /** What was seen and not yet told. */
  private handshake: Handshake | null = null;
  /** Whether anything was told: data behind it belongs to that. */
  private told = false;
  private toldFlaws = 0;

  constructor(flow: FlowInfo, sink: Sink, protocol: string, ports: readonly number[]) {
    this.flow = flow;
    this.sink = sink;
    this.protocol = protocol;
    this.ports = ports;
    this.ledger = ledgerOf(sink.operations);
    this.lanes = [lane(this.ledger), lane(this.ledger)];
  }

  feed(side: Side, view: DataView, start: number, end: number, at: number, frame: number): number {
    const way = this.lanes[side];
    let pos = start;
    while (pos < end) {
      if (way.adrift || !plausible(view, pos, end)) {
        if (!way.adrift) way.flawed = true;
        way.adrift = true;
        const next = nextRecord(view, pos, end);
        way.skipped += next - pos;
        pos = next;
      }
      if (end - pos < HEADER) break;
      const stop = pos + HEADER + fragmentLength(view, pos);
      if (stop > end) break;
      if (way.adrift) this.found(side, at, frame);
      this.record(side, view.getUint8(pos), view, pos + HEADER, stop, at, frame);
      pos = stop;
    }
    return pos - start;
  }

  gap(side: Side): void {
    const way = this.lanes[side];
    way.assembly.drop();
    way.adrift = true;
    way.sure = false;
    if (this.handshake !== null) this.handshake.broken = true;
  }

  tick(): void {}

  close(at: number, ended: boolean): void {
    for (const side of [0, 1] as const) {
      this.lanes[side].assembly.drop();
      if (this.lanes[side].adrift) this.found(side, at, 0);
    }
    const { handshake } = this;
    if (handshake === null) return;
    // The capture ended, not the connection: the answer may have come behind it.
    if (!ended && handshake.server === null) handshake.broken = true;
    this.tell(handshake);
  }

  /** Back on the records of that direction. */
  private found(side: Side, at: number, frame: number): void {
    const way = this.lanes[side];
    const bytes = way.skipped;
    const { flawed } = way;
    way.adrift = false;
    way.flawed = false;
    way.skipped = 0;
    if (!flawed) return;
    way.assembly.drop();
    way.sure = false;
    if (this.handshake !== null) this.handshake.broken = true;
    this.flaws++;
    if (this.toldFlaws++ < MAX_FLAWS) this.sink.writer.detail(trouble('flaw', this.flow, side, this.protocol, 'no_tls_record', bytes, at, frame), at, frame);
    else this.ledger.untold++;
  }

  private record(side: Side, type: number, view: DataView, start: number, end: number, at: number, frame: number): void {
    this.messages++;
    const way = this.lanes[side];
    if (type === CHANGE_CIPHER_SPEC) this.changed(way);
    else if (type === APPLICATION_DATA) this.data(side, at);
    // Encrypted alerts and handshake messages keep their type up to TLS 1.2; an alert in clear is two bytes (RFC 5246, 7.2).
    else if (way.encrypted || (type === ALERT && end - start !== 2)) this.opaque++;
    else if (type === ALERT) this.alert(side, view.getUint8(start), view.getUint8(start + 1), at, frame);
    else if (type === HANDSHAKE) this.fragment(side, way, view, start, end, at, frame);
  }

  private fragment(side: Side, way: Lane, view: DataView, start: number, end: number, at: number, frame: number): void {
    const whole = way.assembly.add(view, start, end, (type, in_, from, to) => this.message(side, way, type, in_, from, to, at, frame));
    if (whole) return;
    // What is no message where none was promised is encrypted: the change of ciphers was not seen.
    if (!way.sure) this.opaque++;
    else this.flaw('handshake_over_limit');
  }

  private message(side: Side, way: Lane, type: number, view: DataView, start: number, end: number, at: number, frame: number): void {
    if (type === CLIENT_HELLO) this.asked(side, way, view, start, end, at, frame);
    else if (type === SERVER_HELLO) this.answered(side, way, view, start, end, at, frame);
    else if (type === CERTIFICATE) this.certified(side, way, view, start, end, at);
    else if (type === CERTIFICATE_REQUEST && way.sure) this.current(at).requested = true;
    else if (type === SERVER_HELLO_DONE && way.sure) this.current(at).done = true;
  }

  private asked(side: Side, way: Lane, view: DataView, start: number, end: number, at: number, frame: number): void {
    const h = this.current(at);
    if (h.client !== null && h.server?.retry !== true) this.flaw('repeated_hello');
    this.client = side;
    way.sure = true;
    h.client = clientHello(view, start, end);
    if (h.requestFrame === 0) h.requestFrame = frame;
    for (const flaw of h.client.flaws) this.flaw(flaw);
  }

  private answered(side: Side, way: Lane, view: DataView, start: number, end: number, at: number, frame: number): void {
    const h = this.current(at);
    if (h.server !== null && !h.server.retry) this.flaw('repeated_hello');
    if (h.client === null) this.client = (1 - side) as Side;
    else if (side === this.client) this.flaw('hello_from_client');
    way.sure = true;
    h.server = serverHello(view, start, end);
    if (h.responseFrame === 0) {
      h.responseFrame = frame;
      if (h.client !== null) h.latency = at - h.at;
    }
    for (const flaw of h.server.flaws) this.flaw(flaw);
  }

  private certified(side: Side, way: Lane, view: DataView, start: number, end: number, at: number): void {
    const { leaf, sound } = certificateMessage(view, start, end, this.ledger);
    if (!sound && !way.sure) return;
    const h = this.current(at);
    if (!sound) this.flaw('bad_certificate_message');
    if (side !== this.clientSide()) h.serverCertificate = leaf;
    else {
      h.clientCertificate = leaf;
      h.answered = true;
    }
  }

  /** RFC 8446, D.4: with TLS 1.3 a ChangeCipherSpec means nothing, not even before the server chose the version. */
  private changed(way: Lane): void {
    const h = this.handshake;
    if (h?.modern === true) return;
    if (h?.server === null && !h.broken && h.client?.versions.includes(TLS13) === true) return;
    way.encrypted = true;
    if (h === null || !this.lanes[0].encrypted || !this.lanes[1].encrypted) return;
    h.established = true;
    this.tell(h);
  }

  private data(side: Side, at: number): void {
    this.opaque++;
    const h = this.handshake;
    if (h === null) {
      if (this.told) return;
      const unseen = new Handshake(at);
      unseen.established = true;
      this.tell(unseen);
      return;
    }
    // Before the server answered it is early data (RFC 8446, 2.3); its own first records are the rest of its handshake.
    if (h.server === null && !h.broken) return;
    if (h.modern && side !== this.clientSide()) return;
    h.established = true;
    this.tell(h);
  }

  private alert(side: Side, level: number, description: number, at: number, frame: number): void {
    if (isHarmless(level, description) || (this.handshake === null && this.told)) return;
    const h = this.current(at);
    h.alert = { by: side === this.clientSide() ? 'client' : 'server', text: alertName(description) };
    if (h.responseFrame === 0) h.responseFrame = frame;
    this.tell(h);
  }

  private current(at: number): Handshake {
    return (this.handshake ??= new Handshake(at));
  }

  private flaw(reason: string): void {
    this.flaws++;
    this.handshake?.flaws.add(reason);
  }

  /** Who asks: the sender of the ClientHello, else by port, else whoever opened the connection. */
  private clientSide(): Side {
    if (this.client >= 0) return this.client as Side;
    const { port, opener } = this.flow;
    const served = [this.ports.includes(port[0]), this.ports.includes(port[1])];
    if (served[0] !== served[1]) this.client = served[0] ? 1 : 0;
    else this.client = opener >= 0 ? (opener as Side) : 0;
    return this.client as unknown as Side;
  }

  private tell(h: Handshake): void {
    this.handshake = null;
    this.told = true;
    const client = this.clientSide();
    const server = (1 - client) as Side;
    const { address, port, transport, vlan } = this.flow;
    const { outcome } = h;
    const observation: Observation = {
      kind: 'identity',
      '@timestamp': timestamp(h.at),
      'source.ip': address[client],
      'source.port': port[client],
      'destination.ip': address[server],
      'destination.port': port[server],
      'network.transport': transport,
      'network.protocol': this.protocol,
      ...(vlan === 0 ? {} : { 'network.vlan.id': vlan }),
      outcome: OUTCOMES[outcome] as string,
      latency: Number.isNaN(h.latency) ? null : Math.round(h.latency * 1000) / 1000,
      request_frame: h.requestFrame === 0 ? null : h.requestFrame,
      response_frame: h.responseFrame === 0 ? null : h.responseFrame,
      ...h.fields(),
    };
    const i = this.sink.writer.detail(observation, h.at, h.requestFrame);
    const { batch } = this.sink.writer;
    batch.outcome[i] = outcome;
    batch.latency[i] = h.latency;
    batch.responseFrame[i] = h.responseFrame;
    batch.port[i] = port[client];
  }
}
