import { STATUS_NAMES } from './status.generated.ts';

/** Part 4, 7.39.1: the two highest bits are the severity: 0 Good, 1 Uncertain, 2 and 3 Bad. */
export const isBad = (code: number): boolean => (code & 0x80000000) !== 0;

/** The name of a status code whatever its info bits (the lower 16), or the number as `0x80ab0000` when nobody named it. */
export function statusName(code: number): string {
  return STATUS_NAMES.get(code >>> 16) ?? `0x${(code >>> 0).toString(16).padStart(8, '0')}`;
}
