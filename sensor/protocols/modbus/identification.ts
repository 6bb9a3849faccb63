/** Read Device Identification in several answers (V1.1b3 section 6.21: More Follows), joined. */
import type { Value } from '../../observation.ts';

/** Units of one connection whose identification may be under way. */
export const MAX_UNDER_WAY = 16;
/** Objects joined at most: ids are bytes. */
const MAX_OBJECTS = 256;

type Objects = { [name: string]: Value };
type Part = { next: number; parts: number; objects: Objects };

/** The next object id that a stream of parts goes on with. Code 4 asks for one object alone. */
const INDIVIDUAL = 4;

export class Identifications {
  /** Those that were not put together because too many were under way. */
  refused = 0;
  private readonly under = new Map<number, Part>();

  /** Takes an answer to a read that asked from `objectId` on, and puts what came before in front of its objects. */
  join(unit: number, readCode: number | null, objectId: Value | undefined, more: { [field: string]: Value }): void {
    const objects = more['modbus.device_identification'] as Objects | undefined;
    if (objects === undefined || readCode === null || readCode === INDIVIDUAL) return;
    const key = unit * 256 + readCode;
    const before = this.under.get(key);
    this.under.delete(key);
    const joined = before !== undefined && before.next === objectId ? { ...before.objects, ...objects } : objects;
    const parts = joined === objects ? 1 : (before as Part).parts + 1;
    if (parts > 1) {
      more['modbus.device_identification'] = joined;
      more['modbus.identification_parts'] = parts;
    }
    if (more['modbus.more_follows'] !== true || Object.keys(joined).length > MAX_OBJECTS) return;
    if (this.under.size >= MAX_UNDER_WAY) {
      this.refused++;
      return;
    }
    this.under.set(key, { next: Number(more['modbus.next_object_id']), parts, objects: joined });
  }
}
