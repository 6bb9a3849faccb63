import { type Definition, EXCEPTION, type Observation, type Peer, TIMEOUT } from '../sensor/observation.ts';
import { number, text } from './field.ts';
import { idOf } from './hash.ts';
import type { Conversation } from './store/store.ts';

/** Conversations kept; what comes after is only counted. */
export const MAX_CONVERSATIONS = 65_536;
/** Of these, places for those that nobody answered: a scan must not take the plant's. */
const MAX_UNANSWERED = 16_384;
const OUTCOME_SLOTS = 8;

/** Who talks to whom over what, and how much: added up from flows and from the rows of operations. */
export class Conversations {
  refused = 0;
  private readonly byKey = new Map<string, Conversation>();
  private readonly peers = new Map<number, Peer>();

  get size(): number {
    return this.byKey.size;
  }

  /** An operation of a peer was defined: its rows are counted by the peer's number. */
  meet(definition: Definition): void {
    this.peers.set(definition.peer.number, definition.peer);
  }

  /** Adds a flow when it ends, when all of it is known. */
  flow(o: Observation): void {
    if (o['flow.event'] !== 'end') return;
    const room = o['flow.state'] === 'unanswered' ? MAX_UNANSWERED : MAX_CONVERSATIONS;
    const conversation = this.get(
      room,
      text(o['source.ip']),
      text(o['destination.ip']),
      text(o['network.protocol']),
      text(o['network.transport']),
      number(o['destination.port']),
      text(o['flow.start']),
    );
    if (conversation === null) return;
    conversation.frames += number(o['source.packets']) + number(o['destination.packets']);
    conversation.bytes += number(o['source.bytes']) + number(o['destination.bytes']);
    if (text(o['flow.start']) < conversation.first_seen) conversation.first_seen = text(o['flow.start']);
    if (o['@timestamp'] > conversation.last_seen) conversation.last_seen = o['@timestamp'];
  }

  /** A transaction that was no repeat. */
  transaction(o: Observation): void {
    const conversation = this.get(
      MAX_CONVERSATIONS,
      text(o['source.ip']),
      text(o['destination.ip']),
      o.kind,
      text(o['network.transport']) || 'tcp',
      number(o['destination.port']),
      o['@timestamp'],
    );
    if (conversation === null) return;
    conversation.transactions++;
    if (o['outcome'] === 'exception') conversation.exceptions++;
    if (o['outcome'] === 'timeout') conversation.timeouts++;
    if (o['@timestamp'] > conversation.last_seen) conversation.last_seen = o['@timestamp'];
  }

  /** All of them; `outcomes` are the rows counted by peer number and outcome. */
  all(outcomes: Float64Array): Conversation[] {
    const copies = new Map([...this.byKey].map(([key, conversation]) => [key, { ...conversation }]));
    for (const [n, peer] of this.peers) {
      const conversation = copies.get(keyOf(peer.client, peer.server, peer.protocol, peer.transport, peer.port));
      if (conversation === undefined) continue;
      const rows = outcomes.subarray(n * OUTCOME_SLOTS, (n + 1) * OUTCOME_SLOTS);
      conversation.transactions += rows.reduce((sum, count) => sum + count, 0);
      conversation.exceptions += rows[EXCEPTION] as number;
      conversation.timeouts += rows[TIMEOUT] as number;
    }
    return [...copies.values()];
  }

  private get(room: number, client: string, server: string, protocol: string, transport: string, port: number, seen: string): Conversation | null {
    const key = keyOf(client, server, protocol, transport, port);
    const known = this.byKey.get(key);
    if (known !== undefined) return known;
    if (this.byKey.size >= room) {
      this.refused++;
      return null;
    }
    const made = {
      id: idOf('conversation', key),
      client,
      server,
      protocol,
      transport,
      port,
      first_seen: seen,
      last_seen: seen,
      frames: 0,
      bytes: 0,
      transactions: 0,
      exceptions: 0,
      timeouts: 0,
    };
    this.byKey.set(key, made);
    return made;
  }
}

const keyOf = (client: string, server: string, protocol: string, transport: string, port: number): string =>
  `${client} ${server} ${protocol} ${transport} ${port}`;
