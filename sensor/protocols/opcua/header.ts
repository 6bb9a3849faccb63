/** The message header of OPC UA TCP, Part 6, 7.1.2.2: three letters, a chunk letter, a size that counts the header too. */

export const HEADER = 8;
/** Header, channel id, token id, sequence number, request id: where the body of a MSG or CLO chunk begins (Part 6, 6.7.2). */
export const SYMMETRIC = 24;
/** Largest chunk believed. Implementations negotiate 8 KiB to 64 KiB, a few 1 MiB. */
export const MAX_CHUNK = 1_048_576;

/** The three letters as one big-endian number. */
const letters = (text: string) => (text.charCodeAt(0) << 16) | (text.charCodeAt(1) << 8) | text.charCodeAt(2);
export const HEL = letters('HEL');
export const ACK = letters('ACK');
export const ERR = letters('ERR');
export const RHE = letters('RHE');
export const OPN = letters('OPN');
export const CLO = letters('CLO');
export const MSG = letters('MSG');
/** Chunk letters: final, intermediate, abort. */
export const FINAL = 0x46;
export const INTERMEDIATE = 0x43;
export const ABORT = 0x41;

/** Smallest size of each message type: Part 6, 7.1.2.3 to 7.1.2.6; RHE and HEL with null strings. */
const SMALLEST = new Map([
  [HEL, 32],
  [ACK, 28],
  [ERR, 16],
  [RHE, 16],
  [OPN, 24],
  [CLO, SYMMETRIC],
  [MSG, SYMMETRIC],
]);

/** What is wrong with the header at `at` (8 bytes must be there), '' when nothing is. */
export function headerFlaw(view: DataView, at: number): string {
  const word = view.getUint32(at);
  const smallest = SMALLEST.get(word >>> 8);
  if (smallest === undefined) return 'bad_message_type';
  const chunk = word & 0xff;
  if (chunk !== FINAL && !((chunk === INTERMEDIATE || chunk === ABORT) && word >>> 8 === MSG)) return 'bad_chunk_type';
  const size = view.getUint32(at + 4, true);
  if (size < smallest) return 'size_too_small';
  return size > MAX_CHUNK ? 'size_over_limit' : '';
}

/** Whether the bytes there, fewer than 8, could be the beginning of a header. */
export function headerBegins(view: DataView, at: number, end: number): boolean {
  for (const type of SMALLEST.keys()) {
    let same = true;
    for (let i = 0; i < 3 && at + i < end; i++) same &&= view.getUint8(at + i) === ((type >> (16 - 8 * i)) & 0xff);
    if (same) return true;
  }
  return false;
}
