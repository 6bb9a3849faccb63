import { STATUS_NAMES } from './status.generated.ts';

/** Part 4, 7.39.1: the two highest bits are the severity: 0 Good, 1 Uncertain, 2 and 3 Bad. */
export const isBad = (code: number): boolean => (code & 0x80000000) !== 0;

/** The name of a status code whatever its info bits (the lower 16), or the number as `0x80ab0000` when nobody named it. */
export function statusName(code: number): string {
  return STATUS_NAMES.get(code >>> 16) ?? `0x${(code >>> 0).toString(16).padStart(8, '0')}`;
}

/** Part 4, 7.39.1: the severity, from the two highest bits. */
export const severity = (code: number): 'good' | 'uncertain' | 'bad' => (isBad(code) ? 'bad' : (code & 0x40000000) !== 0 ? 'uncertain' : 'good');

const LIMITS = ['', 'limit_low', 'limit_high', 'limit_constant'];
const HISTORIAN = ['', 'calculated', 'interpolated', 'historian_reserved'];

/**
 * The info bits that are set, Part 4, 7.39.1 and Part 11, 6.4.3: what changed about the value (bits 15, 14) and, where the info type (bits 11, 10) says
 * DataValue, limits (9, 8), overflow of a monitored item's queue (7), where a historian took it from (0, 1) and how much of it (2 to 4).
 */
export function infoBits(code: number): string[] {
  if ((code & 0xffff) === 0) return [];
  const out: string[] = [];
  if ((code & 0x8000) !== 0) out.push('structure_changed');
  if ((code & 0x4000) !== 0) out.push('semantics_changed');
  if (((code >>> 10) & 3) !== 1) return out;
  out.push(LIMITS[(code >>> 8) & 3] ?? '');
  if ((code & 0x80) !== 0) out.push('overflow');
  out.push(HISTORIAN[code & 3] ?? '');
  if ((code & 4) !== 0) out.push('partial');
  if ((code & 8) !== 0) out.push('extra_data');
  if ((code & 0x10) !== 0) out.push('multiple_values');
  return out.filter((bit) => bit !== '');
}
