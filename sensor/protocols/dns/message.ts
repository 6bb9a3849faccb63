/** DNS messages, RFC 1035 section 4, as far as they name hosts. */
import { ipv4At, ipv6At, readable } from '../sighting.ts';

/** Resource records of one message that are looked at. */
export const MAX_RECORDS = 128;
/** RFC 1035 section 2.3.4. */
const MAX_NAME = 255;
/** Compression pointers followed in one name; each must point further back than the one before. */
const MAX_POINTERS = 32;

export const A = 1;
export const PTR = 12;
export const TXT = 16;
export const AAAA = 28;
export const NB = 32;
export const NBSTAT = 33;
export const SRV = 33;
const OPT = 41;

/** `data` to `dataEnd` are its bytes in the view. */
export type Record = { name: string; type: number; data: number; dataEnd: number };
export type Message = {
  isAnswer: boolean;
  opcode: number;
  /** RCODE: 0 no error. */
  status: number;
  questions: { name: string; type: number }[];
  records: Record[];
  /** The counts and lengths agree with the bytes, to the last one. */
  exact: boolean;
};

/** Reads one message; undefined when it can't be one. Never reads outside start..end. */
export function message(view: DataView, start: number, end: number): Message | undefined {
  if (end - start < 12) return undefined;
  const flags = view.getUint16(start + 2);
  const opcode = (flags >> 11) & 15;
  const asked = view.getUint16(start + 4);
  const claimed = view.getUint16(start + 6) + view.getUint16(start + 8) + view.getUint16(start + 10);
  // Opcodes 0 to 6 (RFC 8490); NetBIOS uses 5 to 9 (RFC 1002).
  if (opcode > 9 || asked > 64 || asked + claimed === 0) return undefined;
  const reader = { view, start, end, at: start + 12, ok: true };
  const out: Message = { isAnswer: flags >= 0x8000, opcode, status: flags & 15, questions: [], records: [], exact: false };
  for (let n = 0; n < asked && reader.ok; n++) out.questions.push(question(reader));
  if (!reader.ok) return undefined;
  for (let n = 0; n < Math.min(claimed, MAX_RECORDS) && reader.ok; n++) record(reader, out.records);
  out.exact = reader.ok && claimed <= MAX_RECORDS && reader.at === end;
  return out;
}

type Reader = { view: DataView; start: number; end: number; at: number; ok: boolean };

function u16(r: Reader): number {
  if (r.end - r.at < 2) {
    r.ok = false;
    return 0;
  }
  r.at += 2;
  return r.view.getUint16(r.at - 2);
}

function skip(r: Reader, bytes: number): void {
  if (r.end - r.at < bytes) r.ok = false;
  else r.at += bytes;
}

function question(r: Reader): { name: string; type: number } {
  const asked = { name: name(r), type: u16(r) };
  skip(r, 2);
  return asked;
}

function record(r: Reader, into: Record[]): void {
  const owner = name(r);
  const type = u16(r);
  skip(r, 6);
  const length = u16(r);
  const data = r.at;
  skip(r, length);
  if (r.ok && type !== OPT) into.push({ name: owner, type, data, dataEnd: data + length });
}

/** The name at the reader, which moves behind it. */
function name(r: Reader): string {
  const found = nameAt(r.view, r.start, r.end, r.at);
  if (found.next < 0) r.ok = false;
  else r.at = found.next;
  return found.text;
}

/**
 * The name at `at` of a message from `start` to `end`, and where the bytes after it start (-1: there is no name). Labels are
 * joined by dots; a dot within a label becomes U+2024, so that no label passes for two. RFC 1035 section 4.1.4.
 */
export function nameAt(view: DataView, start: number, end: number, at: number): { text: string; next: number } {
  const labels: string[] = [];
  let next = -1;
  let lowest = at;
  let length = 0;
  for (let p = at, jumps = 0; p < end && jumps <= MAX_POINTERS && length <= MAX_NAME; ) {
    const size = view.getUint8(p);
    if (size === 0) return { text: labels.join('.'), next: next < 0 ? p + 1 : next };
    if (size >= 0xc0) {
      if (end - p < 2) break;
      if (next < 0) next = p + 2;
      p = start + (view.getUint16(p) & 0x3fff);
      if (p >= lowest) break;
      lowest = p;
      jumps++;
      continue;
    }
    if (size > 63 || size > end - p - 1) break;
    labels.push(readable(view, p + 1, size).replaceAll('.', '\u2024'));
    length += size + 1;
    p += 1 + size;
  }
  return { text: '', next: -1 };
}

/** The address of an A or AAAA record, or that of which a PTR record names the host; '' for others. */
export function addressOf(view: DataView, of: Record): string {
  if (of.type === A && of.dataEnd - of.data === 4) return ipv4At(view, of.data);
  if (of.type === AAAA && of.dataEnd - of.data === 16) return ipv6At(view, of.data);
  return of.type === PTR ? reversed(of.name) : '';
}

/** RFC 1035 section 3.5. */
function reversed(owner: string): string {
  const four = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.in-addr\.arpa$/i.exec(owner);
  return four === null ? '' : `${four[4]}.${four[3]}.${four[2]}.${four[1]}`;
}
