import type { Window } from './window.ts';

/** Other files that people take for captures: their first bytes in hex, what they are, what to do. */
const OTHERS: readonly (readonly [string, string])[] = [
  ['28b52ffd', 'zstd; unpack it first (zstd -d)'],
  ['fd377a58', 'xz; unpack it first (unxz)'],
  ['425a68', 'bzip2; unpack it first (bunzip2)'],
  ['504b0304', 'a zip archive; unpack it first'],
  ['377abcaf', 'a 7z archive; unpack it first'],
  ['04224d18', 'lz4; unpack it first (lz4 -d)'],
  ['1f8b', 'gzip within gzip; unpack it once (gunzip)'],
  ['736e6f6f70', 'a snoop capture; convert it first (editcap -F pcapng IN OUT)'],
  ['474d4255', 'a Network Monitor capture; convert it first (editcap -F pcapng IN OUT)'],
  ['545253', 'a Sniffer capture; convert it first (editcap -F pcapng IN OUT)'],
  ['13004d', 'a Windows event trace; convert it first (etl2pcapng IN OUT)'],
];

/** Why the window's bytes are not read as a capture, and what to do. */
export function notCapture(window: Window): string {
  const head = Buffer.from(window.bytes.buffer, window.start, Math.min(8, window.left)).toString('hex');
  const other = OTHERS.find(([magic]) => head.startsWith(magic));
  if (other !== undefined) return `is ${other[1]}`;
  return `is not a capture (starts with ${head.replace(/..(?=.)/g, '$& ')}); pcap and pcapng are read, plain or gzip`;
}
