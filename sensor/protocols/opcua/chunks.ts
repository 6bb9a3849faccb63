/** Messages in chunks, Part 6, 6.7.2: put together by request id, within ceilings. */
import { type Assembly, type Lane, MAX_ASSEMBLIES, MAX_CHUNKS, MAX_MESSAGE } from './channel.ts';
import { type Signature, worse } from './keys/opening.ts';
import type { Ledger } from './ledger.ts';

const FIRST_ROOM = 65_536;

/** Adds a chunk's body and gives the assembly; `dropped` once a ceiling was passed, with its reason in `flaws` when that happened just now. */
export function addChunk(
  ledger: Ledger,
  lane: Lane,
  requestId: number,
  view: DataView,
  start: number,
  end: number,
  signature: Signature,
  flaws: string[] | null,
): Assembly {
  const assembly = lane.assemblies.get(requestId) ?? begin(ledger, lane, requestId);
  assembly.signature = assembly.chunks === 0 ? signature : worse(assembly.signature, signature);
  assembly.chunks++;
  if (flaws !== null) assembly.flaws = [...new Set([...(assembly.flaws ?? []), ...flaws])];
  if (assembly.dropped) return assembly;
  const length = assembly.length + end - start;
  if (assembly.chunks > MAX_CHUNKS || length > MAX_MESSAGE || !room(ledger, assembly, length)) {
    ledger.refused.chunks++;
    drop(ledger, assembly, assembly.chunks > MAX_CHUNKS ? 'chunk_flood' : 'message_over_limit');
    return assembly;
  }
  assembly.bytes.set(new Uint8Array(view.buffer, view.byteOffset + start, end - start), assembly.length);
  assembly.length = length;
  return assembly;
}

/** Forgets an assembly, and gives its bytes back. */
export function endAssembly(ledger: Ledger, lane: Lane, requestId: number): void {
  const assembly = lane.assemblies.get(requestId);
  if (assembly === undefined) return;
  lane.assemblies.delete(requestId);
  ledger.release(assembly.bytes.length);
}

export function endAssemblies(ledger: Ledger, lane: Lane): void {
  for (const requestId of [...lane.assemblies.keys()]) endAssembly(ledger, lane, requestId);
  lane.sequence = -1;
  lane.sealed = 0;
}

/** A sender finishes one message before it begins the next; whoever leaves many open loses the oldest. */
function begin(ledger: Ledger, lane: Lane, requestId: number): Assembly {
  if (lane.assemblies.size >= MAX_ASSEMBLIES) {
    ledger.refused.assemblies++;
    for (const oldest of lane.assemblies.keys()) {
      endAssembly(ledger, lane, oldest);
      break;
    }
  }
  const assembly = { bytes: new Uint8Array(0), length: 0, chunks: 0, dropped: false, signature: null, flaws: null };
  lane.assemblies.set(requestId, assembly);
  return assembly;
}

function room(ledger: Ledger, assembly: Assembly, length: number): boolean {
  const had = assembly.bytes.length;
  if (length <= had) return true;
  const size = Math.min(MAX_MESSAGE, Math.max(length, had * 2, FIRST_ROOM));
  if (!ledger.hold(size - had)) return false;
  const bytes = new Uint8Array(size);
  bytes.set(assembly.bytes.subarray(0, assembly.length));
  assembly.bytes = bytes;
  return true;
}

function drop(ledger: Ledger, assembly: Assembly, reason: string): void {
  ledger.release(assembly.bytes.length);
  assembly.bytes = new Uint8Array(0);
  assembly.length = 0;
  assembly.dropped = true;
  assembly.flaws = [...(assembly.flaws ?? []), reason];
}
