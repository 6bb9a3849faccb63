/** Structures of namespace 0 that are worth reading inside an ExtensionObject: what a server says of itself. Numbers are those of the binary encodings. */
import type { Value } from '../../observation.ts';
import { dateTimeText, type Extension, float, inside, int64, localizedText } from './builtin.ts';
import { nodeId } from './nodeid.ts';
import type { Reader } from './reader.ts';

/** Array dimensions kept of one argument or node. */
const MAX_DIMENSIONS = 16;
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

/** Part 3, 8.6 Argument: what a method takes or gives. Value rank -1 is a scalar, 1 an array. */
function argument(r: Reader): { [key: string]: Value } {
  return { name: r.string(), data_type: nodeId(r), value_rank: r.i32le(), dimensions: dimensions(r), description: localizedText(r) };
}

export function dimensions(r: Reader): number[] {
  const out: number[] = [];
  for (let n = r.items(4); n > 0 && !r.short; n--) {
    const length = r.u32le();
    if (out.length < MAX_DIMENSIONS) out.push(length);
  }
  return out;
}

/** Part 8, 5.6.4.3 EUInformation: an engineering unit. */
const engineeringUnit = (r: Reader) => ({ namespace_uri: r.string(), unit_id: r.i32le(), display_name: localizedText(r), description: localizedText(r) });

/** Part 8, 5.6.4.2 Range. */
const range = (r: Reader) => ({ low: float(r.f64le()), high: float(r.f64le()) });

/** Part 11, 6.6.6 Annotation. */
const annotation = (r: Reader) => ({ message: r.string(), user_name: r.string(), time: dateTimeText(r) });

/** Part 3, 8.40 EnumValueType. */
const enumValue = (r: Reader) => ({ value: int64(r, true), display_name: localizedText(r), description: localizedText(r) });

const STRUCTURES = new Map<number, (r: Reader) => { [key: string]: Value }>([
  [298, argument],
  [340, buildInfo],
  [864, serverStatus],
  [886, range],
  [889, engineeringUnit],
  [893, annotation],
  [8251, enumValue],
]);

/** The body of `e` (already read past) decoded, or null when its type is not known here or its body is cut short. */
export function structure(r: Reader, e: Extension): Value {
  const read = STRUCTURES.get(e.type);
  const fields = read === undefined ? null : inside(r, e, (body) => ({ fields: read(body), cut: body.short }));
  return fields === null || fields.cut ? null : { type_id: e.id, ...fields.fields };
}
