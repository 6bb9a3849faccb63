/** A device as seen from the wire. */

/** How sure an attribute is: 5 the device said so in its own protocol, 4 it announced it, 3 its behaviour shows it, 2 derived, 1 a guess. */
export type Confidence = 1 | 2 | 3 | 4 | 5;

export const ATTRIBUTES = [
  'name',
  'mac',
  'vendor',
  'model',
  'product',
  'firmware',
  'serial',
  'role',
  'purdue_level',
  'protocol',
  'service',
  'unit_id',
  'gateway',
  'run_state',
  'service_level',
  'project',
  'hostname',
  'operating_system',
  'opcua_application',
  'opcua_endpoint',
  'certificate',
  'vlan',
] as const;
export type AttributeName = (typeof ATTRIBUTES)[number];

/** One thing known of an asset, and how it is known. An attribute may have several values (protocols, unit ids): one entry each. */
export type Attribute = {
  name: AttributeName;
  value: string;
  /** Where it came from, in words an engineer recognises: `Modbus 43/14`, `LLDP`, `behaviour`, `edited by anna`. */
  source: string;
  confidence: Confidence;
  /** Up to three frames that show it; empty for an edit. */
  frames: number[];
  first_seen: string;
  last_seen: string;
};

export type Asset = {
  /** Hash of the address that identifies it. */
  id: string;
  /** IP address, or MAC address for a device that never showed one; of a device behind a Modbus gateway the gateway's and its unit: `10.0.0.9/3`. */
  address: string;
  /** Every address it was seen with. */
  ip: string[];
  mac: string[];
  first_seen: string;
  last_seen: string;
  /** `learning` until it has been watched long enough, then `protected`. */
  state: 'learning' | 'protected';
  /** RFC 3339; when learning ends. */
  learning_until: string;
  attributes: Attribute[];
  /** Where it is, where those of many sites are read. */
  site?: string;
};

/** Source of an attribute that a person wrote. */
export const editedBy = (name: string): string => `edited by ${name}`;
export const isEdit = (attribute: Attribute): boolean => attribute.source.startsWith(editedBy(''));

const outranks = (a: Attribute, b: Attribute): boolean => {
  if (isEdit(a) !== isEdit(b)) return isEdit(a);
  return a.confidence === b.confidence ? a.last_seen > b.last_seen : a.confidence > b.confidence;
};

/** The best value of an attribute: a person's edit, else the highest confidence, then the most recent; '' when unknown. */
export function best(asset: Asset, name: AttributeName): string {
  let found: Attribute | undefined;
  for (const attribute of asset.attributes) {
    if (attribute.name === name && (found === undefined || outranks(attribute, found))) found = attribute;
  }
  return found?.value ?? '';
}

/** Every value of an attribute, in order of first appearance. */
export const all = (asset: Asset, name: AttributeName): string[] => asset.attributes.filter((a) => a.name === name).map((a) => a.value);

/** The address of a device behind a Modbus gateway: the gateway's and its unit. */
export const unitAddress = (server: string, unit: number): string => `${server}/${unit}`;

/** The gateway and the unit of such an address; null for the address of any other device. */
export function behindGateway(address: string): { server: string; unit: number } | null {
  const parts = /^(.+)\/(\d{1,3})$/.exec(address);
  return parts === null ? null : { server: parts[1] as string, unit: Number(parts[2]) };
}
