/** Checks of serial frames (Modbus over Serial Line V1.02). */

const TABLE = Uint16Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 0 ? crc >> 1 : (crc >> 1) ^ 0xa001;
  return crc;
});

/** Section 6.2.2: CRC-16 of `start..end`; on the wire its low byte comes first. */
export function crc16(view: DataView, start: number, end: number): number {
  let crc = 0xffff;
  for (let at = start; at < end; at++) crc = (crc >> 8) ^ (TABLE[(crc ^ view.getUint8(at)) & 0xff] as number);
  return crc;
}

/** Section 6.2.1: the two's complement of the sum of the bytes. */
export function lrc(view: DataView, start: number, end: number): number {
  let sum = 0;
  for (let at = start; at < end; at++) sum += view.getUint8(at);
  return -sum & 0xff;
}
