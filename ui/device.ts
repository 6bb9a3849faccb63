/** Which Modbus device an asset is: a server, or one unit behind it. */
import type { Asset } from '../analyzer/asset.ts';

export type Device = { server: string /** The only unit that is meant; null for all of the server. */; unit: number | null };

/** A unit behind a gateway has an address of its own: `10.0.0.9/3`. */
export function deviceOf({ address }: Pick<Asset, 'address'>): Device {
  const match = /^(.+)\/(\d{1,3})$/.exec(address);
  return match === null ? { server: address, unit: null } : { server: match[1] as string, unit: Number(match[2]) };
}

/** What to ask the store for. */
export const deviceQuery = ({ server, unit }: Device): { server: string; unit?: number } => ({ server, ...(unit === null ? {} : { unit }) });
