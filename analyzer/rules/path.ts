/** Fields inside objects and lists of objects: `opcua.nodes.node_id` is the `node_id` of every element of `opcua.nodes`. */
import type { Value } from '../../sensor/observation.ts';

/** A shorter field that may hold the object, and the keys to follow inside it. */
export type Path = { readonly base: string; readonly keys: readonly string[] };

/** Every way to split a field, longest base first. */
export function pathsOf(field: string): Path[] {
  const names = field.split('.');
  return names.slice(1).map((_, i) => {
    const cut = names.length - 1 - i;
    return { base: names.slice(0, cut).join('.'), keys: names.slice(cut) };
  });
}

/** The values along the first path whose base is there; undefined when none is, or nothing lies along it. */
export function dig(fields: { readonly [field: string]: Value }, paths: readonly Path[]): Value | undefined {
  for (const { base, keys } of paths) {
    const value = fields[base];
    if (value !== undefined && value !== null) return along(value, keys);
  }
  return undefined;
}

/** Follows keys into objects, through lists. One value is that value, several are a list, none is undefined. */
export function along(value: Value, keys: readonly string[]): Value | undefined {
  let found: Value[] = [value];
  for (const key of keys) found = found.flatMap((each) => inside(each, key));
  if (found.length === 0) return undefined;
  return Array.isArray(value) || found.length > 1 ? found : found[0];
}

function inside(value: Value, key: string): Value[] {
  if (Array.isArray(value)) return value.flatMap((each) => inside(each, key));
  if (value === null || typeof value !== 'object' || !Object.hasOwn(value, key)) return [];
  return [value[key] as Value];
}
