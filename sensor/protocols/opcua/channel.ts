import type { Side } from '../dissector.ts';
import type { Fields } from './call.ts';
import type { TokenKeys } from './keys/derive.ts';
import type { Signature } from './keys/opening.ts';
import type { Session } from './ledger.ts';
import type { Shape } from './reads.ts';
import type { Service } from './services/service.ts';

/** Requests of one channel that wait for their answer. The oldest makes room and is reported lost. */
export const MAX_PENDING = 1024;
/** Messages of one direction of a channel that are put together at a time. */
export const MAX_ASSEMBLIES = 8;
/** Chunks of one message. 16 MiB in the smallest chunks allowed (8,192 bytes) are 2,048. */
export const MAX_CHUNKS = 2048;
/** Bytes of one message. */
export const MAX_MESSAGE = 16_777_216;

/** Tokens whose keys a channel holds: the newest, and those before it that messages under way still use (Part 4, 5.5.2.1). */
const MAX_TOKENS = 4;

/** Part 6, 6.7.2.4: sequence numbers go up by one, and start again below 1,024 once within 1,024 of the end. */
export const nextSequence = (last: number, number: number): boolean => number === last + 1 || (number < 1024 && last >= 4294966271);

/** A request that waits for its response. */
export type Pending = {
  side: Side;
  requestId: number;
  /** -1 when its type id is no number of namespace 0. */
  typeId: number;
  service: Service | null;
  handle: number;
  at: number;
  frame: number;
  deadline: number;
  /** How far (ms) the time that its sender gave it is ahead of `at`; NaN for none. */
  clock: number;
  /** A node id; '' for none. */
  token: string;
  session: Session | null;
  /** A Read that was met before. */
  shape: Shape | null;
  /** Fields of its SessionlessInvoke envelope. */
  envelope: Fields | null;
  /** What follows the request header: `start..end` of `body`; null when it is not held. */
  body: DataView | null;
  start: number;
  end: number;
  /** The shelf's slot that it lies in, -1 for none, and bytes held for this request alone. */
  slot: number;
  held: number;
  chunks: number;
  ambiguous: boolean;
  /** Bytes of the other side went missing since. */
  gapped: boolean;
  signature: Signature;
  flaws: string[] | null;
};

/** A message in chunks. `dropped`: it passed a ceiling and is only waited out. */
export type Assembly = { bytes: Uint8Array; length: number; chunks: number; dropped: boolean; signature: Signature; flaws: string[] | null };

/** One direction of a channel. */
export class Lane {
  /** The newest sequence number, -1 when not known. */
  sequence = -1;
  /** Whole messages so far, and bytes of their chunks with headers; CLO and OPN are not counted. */
  messages = 0;
  bytes = 0;
  /** Bytes of the chunks of an encrypted message that is not whole yet. */
  sealed = 0;
  readonly assemblies = new Map<number, Assembly>();
}

/**
 * What the bodies of a channel's messages let see: `readable` (mode None), `signed` (mode Sign, also readable), `opaque` (SignAndEncrypt),
 * null while nothing told.
 */
export type Visibility = 'readable' | 'signed' | 'opaque' | null;

/** A secure channel, Part 4, 5.5. */
export class Channel {
  readonly id: number;
  policy: string | null = null;
  mode: string | null = null;
  visibility: Visibility = null;
  /** Bytes of signature behind every chunk. */
  signature = 0;
  /** Its tokens, the newest last; -1 for none yet. */
  token = -1;
  previousToken = -1;
  /** Its opening was seen. */
  opened = false;
  /** When it was opened and when its newest token was issued, ms; NaN when not seen. */
  openedAt = Number.NaN;
  private issuedAt = Number.NaN;
  /** How long the newest token lives, ms; null when encrypted. */
  private lifetime: number | null = null;
  renewals = 0;
  /** Its end was told. */
  ended = false;
  /** Counts changes of what its observations say. */
  version = 0;
  /** The newest last. */
  readonly keys: TokenKeys[] = [];
  readonly lanes: readonly [Lane, Lane] = [new Lane(), new Lane()];
  readonly pending = new Map<number, Pending>();

  constructor(id: number) {
    this.id = id;
  }

  see(visibility: Visibility, mode: string | null): void {
    this.visibility = visibility;
    if (mode !== null) this.mode = mode;
    this.version++;
  }

  /** Keeps the keys of a token. */
  hold(keys: TokenKeys): void {
    const same = this.keys.findIndex(({ token }) => token === keys.token);
    if (same >= 0) this.keys.splice(same, 1);
    else if (this.keys.length >= MAX_TOKENS) this.keys.shift();
    this.keys.push(keys);
  }

  /** The keys of that token, null when they are not known. */
  keysOf(token: number): TokenKeys | null {
    for (const keys of this.keys) if (keys.token === token) return keys;
    return null;
  }

  /** A token was issued; -1 when its number is encrypted and the first unfamiliar one must be it. */
  issue(token: number): void {
    if (token >= 0 && token === this.token) return;
    if (this.token >= 0) this.previousToken = this.token;
    this.token = token;
  }

  /** An opening was answered at `at`: its first, or a renewal asked for at `asked` (ms). Whether that came after the newest token had expired. */
  renewed(renewal: boolean, asked: number, at: number, lifetime: number | null): boolean {
    const late = renewal && this.lifetime !== null && asked > this.issuedAt + this.lifetime;
    if (renewal) this.renewals++;
    else this.openedAt = at;
    this.issuedAt = at;
    this.lifetime = lifetime;
    return late;
  }

  /** One chunk of a MSG went by; `last` of its message. */
  count(side: Side, size: number, last: boolean): void {
    const lane = this.lanes[side];
    lane.bytes += size;
    if (last) lane.messages++;
  }

  /** Whether a message may carry this token: the newest, or the one before it (Part 4, 5.5.2.1). */
  accepts(token: number): boolean {
    if (token === this.token || token === this.previousToken) return true;
    if (this.token >= 0) return false;
    this.token = token;
    return true;
  }
}

/** What went over a channel until `at`, ms: readable or not, this much can be seen. */
export function channelCounts(channel: Channel, client: Side, at: number): Fields {
  const asked = channel.lanes[client];
  const answered = channel.lanes[1 - client] as Lane;
  return {
    'opcua.channel_requests': asked.messages,
    'opcua.channel_responses': answered.messages,
    'opcua.channel_bytes': asked.bytes + answered.bytes,
    'opcua.channel_renewals': channel.renewals,
    'opcua.channel_duration': Number.isNaN(channel.openedAt) ? null : Math.round((at - channel.openedAt) * 1000) / 1000,
  };
}
