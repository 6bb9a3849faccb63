/** Bytes compared, copied and summed up. */

/** FNV-1a over 32-bit words, then bytes. */
export function hashBytes(view: DataView, start: number, end: number, seed: number): number {
  let h = seed | 0;
  let at = start;
  for (; at + 4 <= end; at += 4) h = Math.imul(h ^ view.getInt32(at, true), 0x01000193) ^ (h >>> 15);
  for (; at < end; at++) h = Math.imul(h ^ view.getUint8(at), 0x01000193);
  return h;
}

export function hashText(text: string): number {
  let h = 0x811c9dc5 | 0;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return h;
}

/** Whether all of `a` stands at `start..end` of `view`. */
export function sameBytes(a: DataView, view: DataView, start: number, end: number): boolean {
  const size = end - start;
  if (a.byteLength !== size) return false;
  let i = 0;
  for (; i + 4 <= size; i += 4) if (a.getInt32(i, true) !== view.getInt32(start + i, true)) return false;
  for (; i < size; i++) if (a.getUint8(i) !== view.getUint8(start + i)) return false;
  return true;
}

export function copy(view: DataView, start: number, end: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(view.buffer as ArrayBuffer, view.byteOffset + start, end - start).slice();
}
