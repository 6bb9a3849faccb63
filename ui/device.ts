/** Which Modbus device an asset is: a server, or one unit behind it. */
import { type Asset, behindGateway } from '../analyzer/asset.ts';

export type Device = { server: string /** The only unit that is meant; null for all of the server. */; unit: number | null };

export function deviceOf({ address }: Pick<Asset, 'address'>): Device {
  return behindGateway(address) ?? { server: address, unit: null };
}

/** What to ask the store for. */
export const deviceQuery = ({ server, unit }: Device): { server: string; unit?: number } => ({ server, ...(unit === null ? {} : { unit }) });
