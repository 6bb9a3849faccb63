import { ANSWERED, EXCEPTION, LOST, ORPHAN, TIMEOUT, type Value } from '../../observation.ts';
import type { Certificate } from '../certificate/certificate.ts';
import { type ClientHello, type ServerHello, TLS13, versionName } from './hello.ts';
import { suiteName } from './suites.ts';

type Fields = { [field: string]: Value };

/** One handshake as far as it is in clear: what both sides said until their traffic became encrypted. */
export class Handshake {
  /** Of the first message that was seen, ms since the epoch. */
  readonly at: number;
  /** Frames and time of the two hellos; 0 and NaN for one that was not seen. */
  requestFrame = 0;
  responseFrame = 0;
  latency = Number.NaN;
  client: ClientHello | null = null;
  server: ServerHello | null = null;
  /** Leaf certificates as sent in clear. */
  clientCertificate: Certificate | null = null;
  serverCertificate: Certificate | null = null;
  /** The server asked the client for a certificate; the client answered, be it with none. */
  requested = false;
  answered = false;
  /** ServerHelloDone: an abbreviated handshake has none (RFC 5246, 7.3). */
  done = false;
  /** Encrypted traffic began. */
  established = false;
  /** Bytes of it were lost: what is missing may have been sent. */
  broken = false;
  alert: { by: 'client' | 'server'; text: string } | null = null;
  readonly flaws = new Set<string>();

  constructor(at: number) {
    this.at = at;
  }

  get modern(): boolean {
    return this.server !== null && this.server.version >= TLS13;
  }

  private get resumed(): boolean {
    if (!this.established || this.server === null) return false;
    return this.modern ? this.server.preShared : !this.done && !this.broken && this.serverCertificate === null;
  }

  get outcome(): number {
    if (this.alert !== null) return EXCEPTION;
    if (this.client === null) return this.server === null ? LOST : ORPHAN;
    return this.established ? ANSWERED : this.server === null && !this.broken ? TIMEOUT : LOST;
  }

  /** `full`, `resumed`, `refused` by an alert, `incomplete`, or `unseen`: the capture began behind it. */
  private get course(): string {
    if (this.alert !== null) return 'refused';
    if (this.client === null && this.server === null && this.serverCertificate === null) return 'unseen';
    return this.established ? (this.resumed ? 'resumed' : 'full') : 'incomplete';
  }

  /** Why there is a server certificate, or none: RFC 8446, 2 encrypts it. */
  private get visibility(): string {
    if (this.serverCertificate !== null) return 'readable';
    if (this.resumed) return 'none';
    if (this.modern) return 'hidden';
    return this.broken || this.server === null || !this.established ? 'unseen' : 'none';
  }

  private get authentication(): string | null {
    if (this.clientCertificate !== null) return 'certificate';
    if (this.server === null || this.resumed || this.broken) return null;
    if (this.modern) return 'hidden';
    return this.done && (this.answered || (this.established && !this.requested)) ? 'none' : null;
  }

  /** Fields behind those of every transaction, in print order. */
  fields(): Fields {
    const { client, server, alert } = this;
    return {
      'tls.handshake': this.course,
      'tls.established': this.established,
      'tls.resumed': this.course === 'unseen' ? null : this.resumed,
      'tls.version': server === null ? null : versionName(server.version),
      'tls.cipher': server === null ? null : suiteName(server.suite),
      'tls.next_protocol': server?.protocol ?? null,
      ...(alert === null ? {} : { 'tls.alert': alert.text, 'tls.alert_by': alert.by }),
      'tls.client.server_name': client?.serverName ?? null,
      'tls.client.versions': client === null ? null : offered(client).map(versionName),
      'tls.client.ciphers': client?.suites ?? null,
      'tls.client.protocols': client === null || client.protocols.length === 0 ? null : client.protocols,
      'tls.certificate_visibility': this.visibility,
      ...certificateFields('tls.server', this.serverCertificate, this.at),
      'tls.client.authentication': this.authentication,
      ...certificateFields('tls.client', this.clientCertificate, this.at),
      'modbus.role': this.clientCertificate?.role ?? null,
      ...(this.flaws.size > 0 ? { 'tls.flaws': [...this.flaws] } : {}),
    };
  }
}

/** RFC 8446, 4.2.1: the extension counts where there is one. */
const offered = (hello: ClientHello): number[] => (hello.versions.length > 0 ? hello.versions : [hello.version]);

/** ECS fields of a certificate; `at` is when it was shown. */
function certificateFields(prefix: string, certificate: Certificate | null, at: number): Fields {
  if (certificate === null) return {};
  const { valid_from: from, valid_to: to } = certificate;
  return {
    [`${prefix}.x509.subject.common_name`]: certificate.name,
    [`${prefix}.x509.subject.distinguished_name`]: certificate.subject,
    [`${prefix}.x509.issuer.common_name`]: certificate.issuer_name,
    [`${prefix}.x509.issuer.distinguished_name`]: certificate.issuer,
    [`${prefix}.x509.serial_number`]: certificate.serial,
    [`${prefix}.x509.not_before`]: from,
    [`${prefix}.x509.not_after`]: to,
    [`${prefix}.x509.public_key_algorithm`]: certificate.key_type,
    [`${prefix}.x509.public_key_size`]: certificate.key_bits,
    [`${prefix}.x509.signature_algorithm`]: certificate.signature,
    [`${prefix}.hash.sha1`]: certificate.thumbprint.toUpperCase(),
    [`${prefix}.chain`]: certificate.chain,
    [`${prefix}.self_signed`]: certificate.self_signed,
    [`${prefix}.expired`]: to === null ? null : Date.parse(to) < at,
    [`${prefix}.not_yet_valid`]: from === null ? null : Date.parse(from) > at,
  };
}
