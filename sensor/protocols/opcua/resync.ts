import type { Channel } from './channel.ts';
import { CLO, HEADER, headerFlaw, MSG, OPN } from './header.ts';

/** Bytes of a header with its channel id: less than that is not judged. */
export const JUDGED = HEADER + 4;

/**
 * Where the next believable message begins in `pos..end`: a sound header, of a channel that is known when any is, and another sound header
 * behind it as far as there are bytes. Without one, where the last bytes begin that may be the start of one.
 */
export function nextHeader(view: DataView, pos: number, end: number, channels: ReadonlyMap<number, Channel>): number {
  let at = pos;
  for (; at + JUDGED <= end; at++) if (headerFlaw(view, at) === '' && believable(view, at, end, channels)) return at;
  return at;
}

function believable(view: DataView, at: number, end: number, channels: ReadonlyMap<number, Channel>): boolean {
  const type = view.getUint32(at) >>> 8;
  const secured = type === MSG || type === CLO || type === OPN;
  if (secured && type !== OPN && channels.size > 0 && !channels.has(view.getUint32(at + HEADER, true))) return false;
  const next = at + view.getUint32(at + 4, true);
  return next + HEADER > end || headerFlaw(view, next) === '';
}
