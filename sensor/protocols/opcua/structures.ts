/** Structures of namespace 0 that are worth reading inside an ExtensionObject: what a server says of itself. Numbers are those of the binary encodings. */
import type { Value } from '../../observation.ts';
import { dateTimeText, type Extension, localizedText } from './builtin.ts';
import type { Reader } from './reader.ts';

const SERVER_STATES = ['Running', 'Failed', 'NoConfiguration', 'Suspended', 'Shutdown', 'Test', 'CommunicationFault', 'Unknown'];

/** Part 5, 12.4 BuildInfo. */
function buildInfo(r: Reader): { [key: string]: Value } {
  return {
    product_uri: r.string(),
    manufacturer: r.string(),
    product: r.string(),
    software_version: r.string(),
    build_number: r.string(),
    build_date: dateTimeText(r),
  };
}

/** Part 5, 12.10 ServerStatusDataType. */
function serverStatus(r: Reader): { [key: string]: Value } {
  return {
    start_time: dateTimeText(r),
    current_time: dateTimeText(r),
    state: serverState(r.u32le()),
    build_info: buildInfo(r),
    seconds_till_shutdown: r.u32le(),
    shutdown_reason: localizedText(r),
  };
}

const serverState = (n: number): Value => SERVER_STATES[n] ?? n;

const STRUCTURES = new Map<number, (r: Reader) => { [key: string]: Value }>([
  [340, buildInfo],
  [864, serverStatus],
]);

/** The body of `e` (already read past) decoded, or null when its type is not known here or its body is cut short. */
export function structure(r: Reader, e: Extension): Value {
  const read = e.encoding === 'binary' ? STRUCTURES.get(e.type) : undefined;
  if (read === undefined || r.short) return null;
  const { at, end } = r;
  r.at = e.start;
  r.end = e.start + e.size;
  const fields = read(r);
  const cut = r.short;
  r.at = at;
  r.end = end;
  r.short = false;
  if (cut) r.flaw('structure_short');
  return cut ? null : { type_id: e.id, ...fields };
}
