/** OpenSecureChannel, Part 4, 5.5.2 and Part 6, 6.7.2.3: how a channel gets its policy, mode, lifetime and token. */
import { ANSWERED, EXCEPTION, LOST, ORPHAN, TIMEOUT } from '../../observation.ts';
import type { Certificate } from '../certificate/certificate.ts';
import type { Side } from '../dissector.ts';
import { skipExtension } from './builtin.ts';
import type { Fields } from './call.ts';
import { certificateFields, certificateIn } from './certificates.ts';
import type { Channel } from './channel.ts';
import { skipDiagnosticInfo } from './diagnostic.ts';
import { HEADER } from './header.ts';
import { deriveKeys } from './keys/derive.ts';
import { type Sealed, type Signature, signatureField, unsealOpening, worse } from './keys/opening.ts';
import { rsaPolicy, signatureSize } from './keys/policy.ts';
import { type Link, TYPED } from './link.ts';
import { skipNodeId, typeId } from './nodeid.ts';
import { type Nonce, nonceIn } from './nonces.ts';
import { Reader } from './reader.ts';
import { MODES, policyName } from './security.ts';
import { OPEN_REQUEST, OPEN_RESPONSE, SERVICE_FAULT } from './services/services.ts';
import { isBad, statusName } from './status.ts';

/** Openings of one connection that wait at a time. */
const MAX_OPENINGS = 16;
const OPEN_TIMEOUT = 60_000;

/** Longest nonce that keys are derived of, bytes; the policies have 16 and 32 (Part 7, 6.6). */
const MAX_NONCE = 256;

const reader = new Reader();

/** One half of an opening. `requestId` is -1 where it is encrypted. */
type Half = {
  side: Side;
  channelId: number;
  requestId: number;
  sequence: number;
  type: number;
  at: number;
  frame: number;
  policy: string | null;
  handle: number | null;
  status: number;
  mode: string | null;
  token: number;
  lifetime: number | null;
  renew: boolean | null;
  certificate: Fields;
  /** It was encrypted, and a key opened it: then its signature is checked, and the bytes of its nonce are kept until the answer comes. */
  decrypted: boolean;
  signature: Signature;
  secret: Uint8Array | null;
  shown: Certificate | null;
  nonce: Nonce | null;
  /** How often the channel was renewed, this time included; -1 for no renewal. */
  renewals: number;
  flaws: string[];
};

/** Openings of one connection. */
export class Openings {
  private readonly link: Link;
  private readonly channelOf: (id: number, at: number) => Channel;
  private readonly waiting: Half[] = [];

  /** `channelOf` gives the connection's channel of that id, a new one where there is none. */
  constructor(link: Link, channelOf: (id: number, at: number) => Channel) {
    this.link = link;
    this.channelOf = channelOf;
  }

  /** `start` is behind the message header: channel id, asymmetric security header, sequence header, body. Gives the sequence number, -1 if opaque. */
  message(side: Side, view: DataView, start: number, end: number, at: number, frame: number, flaws: string[]): number {
    const half = this.read(side, view, start, end, at, frame, flaws);
    const response = half.type === OPEN_RESPONSE || half.type === SERVICE_FAULT;
    if (half.type >= 0) this.link.learn(response ? ((1 - side) as Side) : side, TYPED);
    if (response || (half.type < 0 && side !== this.link.clientSide())) this.answer(half);
    else this.ask(half);
    return half.sequence;
  }

  /** An Error in answer to an opening; false when none waits. */
  refused(side: Side, error: number, fields: Fields, at: number, frame: number): boolean {
    const i = this.waiting.findIndex((half) => half.side !== side);
    if (i < 0) return false;
    const [asked] = this.waiting.splice(i, 1) as [Half];
    this.tell(asked, null, EXCEPTION, { at, frame, type: 'ERR', error, fields });
    return true;
  }

  tick(at: number): void {
    while (this.waiting.length > 0 && at > (this.waiting[0] as Half).at + OPEN_TIMEOUT) this.tell(this.waiting.shift() as Half, null, TIMEOUT, null);
  }

  close(ended: boolean): void {
    for (const half of this.waiting.splice(0)) this.tell(half, null, ended ? TIMEOUT : LOST, null);
  }

  private ask(half: Half): void {
    if (this.waiting.length >= MAX_OPENINGS) this.tell(this.waiting.shift() as Half, null, LOST, null);
    this.waiting.push(half);
  }

  private answer(half: Half): void {
    const i = this.waiting.findIndex((asked) => asked.side !== half.side && (asked.requestId === half.requestId || asked.requestId < 0 || half.requestId < 0));
    const asked = i < 0 ? null : (this.waiting.splice(i, 1)[0] as Half);
    const failed = half.type === SERVICE_FAULT || isBad(half.status);
    if (!failed) this.opened(asked, half);
    this.tell(asked, half, asked === null ? ORPHAN : failed ? EXCEPTION : ANSWERED, null);
  }

  private opened(asked: Half | null, half: Half): void {
    const channel = this.channelOf(half.channelId, half.at);
    // Part 4, 5.5.2.2: a channel that is only to be made has an id of its own.
    if (channel.opened && asked?.renew === false) half.flaws.push('channel_id_in_use');
    channel.opened = true;
    channel.policy = half.policy ?? asked?.policy ?? null;
    channel.signature = 0;
    const mode = asked?.signature === 'bad' ? null : (asked?.mode ?? null);
    if (channel.policy === 'None') channel.see('readable', asked?.mode ?? 'None');
    else if (mode === 'Sign' || (mode === null && channel.visibility === 'signed')) {
      channel.signature = signatureSize(channel.policy);
      channel.see('signed', mode);
    } else if (mode === 'SignAndEncrypt') channel.see('opaque', mode);
    else channel.version++;
    channel.issue(half.token);
    keep(channel, asked, half);
    // A new channel gets a new id: an opening of a channel that is open renews it, whatever its encrypted request says.
    const renewal = asked?.renew ?? (asked !== null && asked.channelId !== 0);
    if (channel.renewed(renewal, asked?.at ?? half.at, half.at, half.lifetime)) half.flaws.push('late_renewal');
    if (renewal) half.renewals = channel.renewals;
    this.identify(asked, half);
  }

  /** Compares certificates with those shown before, once an opening was answered. */
  private identify(asked: Half | null, half: Half): void {
    const { identities } = this.link.ledger;
    const client = (1 - half.side) as Side;
    Object.assign(half.certificate, identities.server(this.link.server(client), half.policy, half.shown));
    if (asked !== null) Object.assign(asked.certificate, identities.client(this.link.flow.address[client], asked.policy, asked.shown));
  }

  private read(side: Side, view: DataView, start: number, end: number, at: number, frame: number, flaws: string[]): Half {
    const r = reader.begin(view, start, end);
    const channelId = r.u32le();
    const policy = policyName(r.string());
    const from = r.at + 4;
    const certificate = certificateIn(r, this.link.ledger);
    const thumbprint = r.span();
    const half: Half = {
      side,
      channelId,
      requestId: -1,
      sequence: -1,
      type: -1,
      at,
      frame,
      policy,
      handle: null,
      status: 0,
      mode: null,
      token: -1,
      lifetime: null,
      renew: null,
      certificate: certificateFields(side === this.link.clientSide() ? 'opcua.client_certificate' : 'opcua.server_certificate', certificate, at),
      decrypted: false,
      signature: null,
      secret: null,
      shown: certificate,
      nonce: null,
      renewals: -1,
      flaws,
    };
    const sealed = { view, message: start - HEADER, certificate: { start: from, size: certificate?.size ?? 0 }, thumbprint, start: r.at, end };
    if (r.short) r.flaw('message_short');
    else if (policy === null || policy === 'None') body(r, half);
    half.flaws = [...flaws, ...r.flaws];
    if (!r.short && policy !== null && policy !== 'None') this.unseal(half, sealed);
    return half;
  }

  /** Reads an encrypted half where the keys allow it. */
  private unseal(half: Half, sealed: Sealed): void {
    const { keys } = this.link.sink;
    const clear = keys === undefined ? null : unsealOpening(keys, half.policy, sealed);
    if (clear === null) return;
    if (typeof clear === 'string') {
      half.flaws.push(clear);
      return;
    }
    half.decrypted = true;
    half.signature = clear.signature;
    if (clear.signature === 'bad') half.flaws.push('bad_signature');
    const r = reader.begin(clear.view, clear.start, clear.end);
    body(r, half);
    half.flaws.push(...r.flaws);
  }

  private tell(
    asked: Half | null,
    answer: Half | null,
    outcome: number,
    error: { at: number; frame: number; type: string; error: number; fields: Fields } | null,
  ): void {
    const one = asked ?? (answer as Half);
    const client = asked?.side ?? ((1 - one.side) as Side);
    const policy = one.policy ?? answer?.policy ?? null;
    const renew = asked?.renew ?? (asked === null ? null : asked.channelId !== 0);
    const end = answer ?? error;
    const status = error?.error ?? answer?.status ?? 0;
    const nonces = this.link.nonces.channel(
      policy,
      [asked?.nonce, answer?.nonce].filter((nonce) => nonce != null),
    );
    const flaws = [
      ...new Set([...nonces, ...(asked?.flaws ?? []), ...(answer?.flaws ?? []), ...((error?.fields['opcua.flaws'] as string[] | undefined) ?? [])]),
    ];
    const seen = { client, at: one.at, outcome, latency: asked === null || end === null ? Number.NaN : end.at - asked.at, requestFrame: asked?.frame ?? 0 };
    this.link.emit(
      'opcua-channel',
      { ...seen, responseFrame: end?.frame ?? 0 },
      {
        'opcua.message_type': 'OPN',
        ...(end === null ? {} : { 'opcua.response_message_type': error?.type ?? 'OPN' }),
        'opcua.channel_id': answer?.channelId ?? asked?.channelId ?? null,
        'opcua.request_id': one.requestId < 0 ? null : one.requestId,
        'opcua.request_handle': one.handle,
        'opcua.service': 'OpenSecureChannel',
        'opcua.type_id': known(asked),
        'opcua.response_type_id': known(answer),
        'opcua.status': error !== null || known(answer) !== null ? statusName(status) : null,
        'opcua.visibility': one.type < 0 ? 'opaque' : one.decrypted ? 'decrypted' : 'readable',
        'opcua.security_policy': policy,
        'opcua.security_mode': asked?.mode ?? null,
        ...signatureField(both(asked, answer)),
        'opcua.request_type': renew === null ? null : renew ? 'renew' : 'issue',
        'opcua.token_id': answer === null || answer.token < 0 ? null : answer.token,
        'opcua.requested_lifetime': asked?.lifetime ?? null,
        'opcua.lifetime': answer?.lifetime ?? null,
        ...(answer === null || answer.renewals < 0 ? {} : { 'opcua.channel_renewals': answer.renewals }),
        ...sizes(asked, answer),
        ...(error === null ? {} : { 'opcua.reason': error.fields['opcua.reason'] ?? null }),
        ...asked?.certificate,
        ...answer?.certificate,
        'opcua.access': 'session',
        ...(flaws.length > 0 ? { 'opcua.flaws': flaws } : {}),
      },
      status,
    );
  }
}

/** The keys of the token, when both nonces are known and signed by who sent them: a receiver drops what is not (Part 6, 6.7.4). */
function keep(channel: Channel, asked: Half | null, half: Half): void {
  const policy = rsaPolicy(channel.policy);
  if (policy === null || asked?.signature !== 'verified' || half.signature !== 'verified') return;
  if (asked.secret !== null && half.secret !== null) channel.hold(deriveKeys(policy, half.token, asked.secret, half.secret));
}

/** Of a transaction: bad when either half's is, verified when that of every half that was seen is. */
const both = (asked: Half | null, answer: Half | null): Signature =>
  worse(asked === null ? 'verified' : asked.signature, answer === null ? 'verified' : answer.signature);

/** Reads the nonce; its bytes are kept only where keys of a channel come of them. */
function takeNonce(r: Reader, half: Half): void {
  const from = r.at + 4;
  half.nonce = nonceIn(r);
  const { size } = half.nonce;
  if (half.decrypted && size > 0 && size <= MAX_NONCE) half.secret = new Uint8Array(r.view.buffer, r.view.byteOffset + from, size).slice();
}

/** Bytes of the nonces, where they can be read. */
const sizes = (asked: Half | null, answer: Half | null): Fields => ({
  ...(asked?.nonce == null ? {} : { 'opcua.client_nonce_size': asked.nonce.size }),
  ...(answer?.nonce == null ? {} : { 'opcua.server_nonce_size': answer.nonce.size }),
});

const known = (half: Half | null): number | null => (half === null || half.type < 0 ? null : half.type);

/** Sequence header and body, in clear with policy None. Anything else there is left to be opaque. */
function body(r: Reader, half: Half): void {
  const sequence = r.u32le();
  const requestId = r.u32le();
  const type = typeId(r);
  if (type !== OPEN_REQUEST && type !== OPEN_RESPONSE && type !== SERVICE_FAULT) {
    r.flaw('bad_open_body');
    return;
  }
  half.sequence = sequence;
  half.requestId = requestId;
  half.type = type;
  if (type === OPEN_REQUEST) request(r, half);
  else response(r, half);
  if (r.short) r.flaw('message_short');
  if (r.left > 0) r.flaw('trailing_bytes');
}

function request(r: Reader, half: Half): void {
  skipNodeId(r);
  r.skip(8);
  half.handle = r.u32le();
  r.skip(4);
  r.skipString();
  r.skip(4);
  skipExtension(r);
  r.skip(4);
  half.renew = r.u32le() === 1;
  const mode = r.u32le();
  half.mode = MODES[mode] ?? 'Invalid';
  if (mode < 1 || mode > 3) r.flaw('bad_security_mode');
  takeNonce(r, half);
  half.lifetime = r.u32le();
}

function response(r: Reader, half: Half): void {
  r.skip(8);
  half.handle = r.u32le();
  half.status = r.u32le();
  skipDiagnosticInfo(r);
  for (let n = r.items(4); n > 0 && !r.short; n--) r.skipString();
  skipExtension(r);
  if (half.type === SERVICE_FAULT) return;
  r.skip(8);
  half.token = r.u32le();
  r.skip(8);
  half.lifetime = r.u32le();
  takeNonce(r, half);
}
