/** Frames of real captures, several at a time, each lap with addresses of its own so that its connections are new. */
import type { Frame } from '../sense.ts';
import { type Chance, mutate } from './mutate.ts';

/** Captures that are read at the same time. */
const READERS = 8;
/** One frame in so many is changed. */
const CHANGED = 5;

type Reader = { capture: readonly Frame[]; at: number; lap: number };

/** Endless frames out of `captures`. */
export function replay(captures: readonly (readonly Frame[])[], next: Chance): () => Frame {
  let laps = 0;
  const begin = (): Reader => ({ capture: captures[next(captures.length)] as readonly Frame[], at: 0, lap: laps++ & 0xff });
  const readers = Array.from({ length: READERS }, begin);
  const any = (): Uint8Array => {
    const capture = captures[next(captures.length)] as readonly Frame[];
    return (capture[next(capture.length)] as Frame).bytes;
  };
  return () => {
    const n = next(READERS);
    let reader = readers[n] as Reader;
    if (reader.at >= reader.capture.length) reader = readers[n] = begin();
    const frame = reader.capture[reader.at++] as Frame;
    const bytes = elsewhere(frame.bytes, reader.lap);
    if (next(CHANGED) !== 0) return { ...frame, bytes };
    return { at: 0, bytes: mutate(bytes, any(), next), linktype: frame.linktype };
  };
}

/** A copy between other IPv4 addresses: the third byte of both moves on. */
function elsewhere(frame: Uint8Array, lap: number): Uint8Array {
  const bytes = frame.slice();
  if (bytes.length < 34 || bytes[12] !== 8 || bytes[13] !== 0) return bytes;
  for (const at of [28, 32]) bytes[at] = (bytes[at] as number) + lap;
  return bytes;
}
