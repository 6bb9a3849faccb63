/** Which keys a chunk is under, and whether what they give is a message. */

import type { Side } from '../../dissector.ts';
import { type Channel, nextSequence } from '../channel.ts';
import { ABORT, SYMMETRIC } from '../header.ts';
import { typeId } from '../nodeid.ts';
import { Reader } from '../reader.ts';
import { CLOSE_REQUEST, knownType } from '../services/services.ts';
import { decryptChunk } from './chunk.ts';
import type { Keyring } from './keyring.ts';
import type { Clear } from './opening.ts';

/** Sequence numbers that a chunk of unproven content may be ahead of the one before it. */
const NEAR = 1024;

const reader = new Reader();

/**
 * The encrypted chunk at `pos..end` in clear, good until the next one; null when there are no keys for it. `bad_signature`: the keys of its
 * token are there, but neither its signature nor its content is right.
 */
export function unsealChunk(
  keyring: Keyring,
  channel: Channel,
  side: Side,
  fromClient: boolean,
  view: DataView,
  pos: number,
  end: number,
): Clear | 'bad_signature' | null {
  const token = view.getUint32(pos + 12, true);
  const held = channel.keysOf(token);
  if (held !== null) {
    const keys = fromClient ? held.client : held.server;
    const clear = decryptChunk(keys, view, pos, end);
    if (clear?.signature === 'verified' || (clear !== null && plausible(channel, side, clear))) return clear;
    return keys.signing === null ? null : 'bad_signature';
  }
  if (!keyring.hasLogs) return null;
  for (const logged of keyring.logged(channel.id, token)) {
    const clear = decryptChunk(fromClient ? logged.client : logged.server, view, pos, end);
    if (clear === null || !plausible(channel, side, clear)) continue;
    channel.hold(logged);
    keyring.fitsLog(channel.id, logged);
    return clear;
  }
  return null;
}

/** Whether a chunk whose signature proves nothing looks like the next one of its direction. */
function plausible(channel: Channel, side: Side, { view, end }: Clear): boolean {
  const lane = channel.lanes[side];
  const number = view.getUint32(16, true);
  const near = lane.sequence < 0 || nextSequence(lane.sequence, number) || (number > lane.sequence && number <= lane.sequence + NEAR);
  if (!near) return false;
  if (lane.assemblies.has(view.getUint32(20, true)) || (view.getUint32(0) & 0xff) === ABORT) return lane.sequence >= 0;
  const type = typeId(reader.begin(view, SYMMETRIC, end));
  return knownType(type) || type === CLOSE_REQUEST;
}
