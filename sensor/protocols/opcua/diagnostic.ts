/** DiagnosticInfo, Part 6, 5.2.2.12 and Part 4, 7.12: what a server says of an error beside its status code. */
import type { Value } from '../../observation.ts';
import { statusText } from './builtin.ts';
import type { Item } from './call.ts';
import type { Reader } from './reader.ts';

/** Strings kept of a response's string table. */
export const MAX_TABLE = 1000;
/** Operations of one message whose diagnostics are kept; `opcua.left_off` counts the rest. */
export const MAX_DIAGNOSTICS = 100;

/** An index into the string table: its string, or the number where the table has none. */
function told(r: Reader, table: readonly string[]): Value {
  const index = r.i32le();
  return table[index] ?? index;
}

/** A mask, then in this order symbolic id, namespace, locale, localized text, additional info, inner status, inner info; null when it says nothing. */
export function diagnosticInfo(r: Reader, table: readonly string[]): Item | null {
  if (!r.enter()) return null;
  const mask = r.u8();
  const out: Item = {};
  if ((mask & 0x80) !== 0) r.flaw('bad_encoding_mask');
  if ((mask & 1) !== 0) out['symbolic_id'] = told(r, table);
  if ((mask & 2) !== 0) out['namespace'] = told(r, table);
  if ((mask & 8) !== 0) out['locale'] = told(r, table);
  if ((mask & 4) !== 0) out['text'] = told(r, table);
  if ((mask & 0x10) !== 0) out['additional_info'] = r.string();
  if ((mask & 0x20) !== 0) out['inner_status'] = statusText(r);
  if ((mask & 0x40) !== 0) out['inner'] = diagnosticInfo(r, table);
  r.leave();
  return Object.keys(out).length === 0 ? null : out;
}

export function skipDiagnosticInfo(r: Reader): void {
  if (!r.enter()) return;
  const mask = r.u8();
  if ((mask & 0x80) !== 0) r.flaw('bad_encoding_mask');
  for (const bit of [1, 2, 8, 4]) if ((mask & bit) !== 0) r.skip(4);
  if ((mask & 0x10) !== 0) r.skipString();
  if ((mask & 0x20) !== 0) r.skip(4);
  if ((mask & 0x40) !== 0) skipDiagnosticInfo(r);
  r.leave();
}
