/** A small water works as the wire shows it: assets, facts, conversations, coverage. For tests and pictures. */
import { createHash } from 'node:crypto';
import type { Asset, Attribute, AttributeName, Confidence } from '../../analyzer/asset.ts';
import type { Coverage, Status } from '../../analyzer/coverage.ts';
import type { Fact } from '../../analyzer/fact.ts';
import type { RegisterRange, RegisterTable } from '../../analyzer/registers/map.ts';
import type { Conversation } from '../../analyzer/store/store.ts';

export const CLOCK = '2026-03-14T09:42:17.318204Z';
const START = Date.parse('2026-03-14T06:00:00Z');
const END = Date.parse(CLOCK);
/** Minutes before the sensor's clock, as RFC 3339. */
export const before = (minutes: number): string => new Date(END - minutes * 60_000).toISOString();
export const id = (of: string): string => createHash('sha256').update(of).digest('hex').slice(0, 40);

type Known = [name: AttributeName, value: string, source: string, confidence: Confidence];

function asset(address: string, minutes: number, known: Known[], state: Asset['state'] = 'protected'): Asset {
  const attributes: Attribute[] = known.map(([name, value, source, confidence], i) => ({
    name,
    value,
    source,
    confidence,
    frames: [12 + 7 * i],
    first_seen: new Date(START + i * 900).toISOString(),
    last_seen: before(minutes),
  }));
  const mac = known.filter(([name]) => name === 'mac').map(([, value]) => value);
  return {
    id: id(`asset ${address}`),
    address,
    ip: [address],
    mac,
    first_seen: new Date(START).toISOString(),
    last_seen: before(minutes),
    state,
    learning_until: new Date(START + 3_600_000).toISOString(),
    attributes,
  };
}

const plc = (address: string, name: string, model: string, firmware: string, n: number, more: Known[] = []): Asset =>
  asset(address, 0.1 * n, [
    ['name', name, 'Modbus 43/14', 5],
    ['mac', `00:80:f4:0a:1c:${(0x20 + n).toString(16)}`, 'Ethernet', 4],
    ['vendor', 'Schneider Electric', 'Modbus 43/14', 5],
    ['vendor', 'Telemecanique Electrique', 'MAC address', 2],
    ['model', model, 'Modbus 43/14', 5],
    ['firmware', firmware, 'Modbus 43/14', 5],
    ['role', 'plc', 'behaviour', 3],
    ['purdue_level', '1', 'role', 2],
    ['protocol', 'modbus', 'behaviour', 3],
    ['service', 'modbus tcp/502', 'behaviour', 3],
    ['unit_id', '1', 'behaviour', 3],
    ...more,
  ]);

const peer = (
  address: string,
  name: string,
  vendor: string,
  role: string,
  level: string,
  protocols: string[],
  minutes: number,
  state: Asset['state'] = 'protected',
): Asset =>
  asset(
    address,
    minutes,
    [
      ...(name === '' ? [] : [['name', name, 'NetBIOS', 4] satisfies Known]),
      ['vendor', vendor, 'MAC address', 2],
      [
        'mac',
        `3c:52:82:${address
          .split('.')
          .slice(1)
          .map((n) => Number(n).toString(16).padStart(2, '0'))
          .join(':')}`,
        'Ethernet',
        4,
      ],
      ['role', role, 'behaviour', 3],
      ['purdue_level', level, 'role', 2],
      ...protocols.map((protocol): Known => ['protocol', protocol, 'behaviour', 3]),
    ],
    state,
  );

export const assets = (): Asset[] => [
  plc('10.20.1.11', 'PLC-INTAKE', 'BMX P34 2020', 'v3.20', 1),
  plc('10.20.1.12', 'PLC-DOSING', 'BMX P34 2020', 'v3.20', 2, [
    ['unit_id', '2', 'behaviour', 3],
    ['unit_id', '17', 'behaviour', 3],
  ]),
  plc('10.20.1.13', 'PLC-FILTER', 'BMX P34 2020', 'v2.90', 3),
  plc('10.20.1.14', 'PLC-PUMPS', 'BME P58 4040', 'v3.10', 4),
  plc('10.20.1.20', 'GW-METERS', 'EGX150', 'v5.1', 5, [
    ['unit_id', '3', 'behaviour', 3],
    ['unit_id', '4', 'behaviour', 3],
  ]),
  asset('10.20.1.30', 0.2, [
    ['name', 'UA-BLOWER', 'OPC UA FindServers', 5],
    ['vendor', 'Siemens AG', 'OPC UA BuildInfo', 5],
    ['model', 'S7-1500', 'OPC UA BuildInfo', 5],
    ['firmware', '2.9.4', 'OPC UA BuildInfo', 5],
    ['role', 'opcua_server', 'behaviour', 3],
    ['purdue_level', '1', 'role', 2],
    ['protocol', 'opcua', 'behaviour', 3],
    ['opcua_application', 'urn:blower:SIMATIC.S7-1500.OPC-UA.Application', 'OPC UA GetEndpoints', 5],
    ['certificate', 'CN=UA-BLOWER, expires 2027-05-01', 'OPC UA OpenSecureChannel', 5],
  ]),
  peer('10.20.2.5', 'HMI-CONTROL', 'Dell Inc.', 'hmi', '2', ['modbus', 'opcua', 'ntp'], 0.1),
  peer('10.20.2.6', 'HMI-LOCAL', 'Advantech', 'hmi', '2', ['modbus'], 0.3),
  peer('10.20.2.20', 'HISTORIAN', 'Hewlett Packard', 'historian', '3', ['modbus', 'opcua', 'dns'], 0.4),
  peer('10.20.3.40', 'ENG-STATION', 'Lenovo', 'engineering_station', '3', ['modbus', 'umas', 'smb'], 34),
  peer('10.20.3.66', '', 'Intel Corporate', 'scanner', '3', ['modbus'], 3, 'learning'),
  peer('10.20.0.1', 'SW-CORE', 'Hirschmann Automation', 'switch', '2', ['lldp', 'snmp'], 0.5),
];

function fact(kind: Fact['kind'], client: string, server: string, unit: number, what: string, access: string, more: Partial<Fact> = {}): Fact {
  const key = `${kind} ${client} ${server} ${unit} ${what} ${access}`;
  return {
    id: id(key),
    kind,
    client,
    server,
    protocol: 'modbus',
    port: kind === 'peer' ? 502 : 0,
    unit,
    what,
    access,
    readers: [],
    writers: [],
    range: null,
    first_seen: new Date(START + 4200).toISOString(),
    last_seen: before(0.2),
    count: 13_331,
    frames: [41, 42],
    state: 'proposed',
    by: '',
    ...more,
  };
}

const point = (server: string, address: number, min: number, max: number, last: number, writers: string[] = []): Fact =>
  fact('point', '', server, 1, `holding_registers/${address}`, writers.length > 0 ? 'write' : 'read', {
    readers: ['10.20.2.5', '10.20.2.20'],
    writers,
    range: { min, max, last },
    count: 26_600 + address,
  });

export const setPoint: Fact = point('10.20.1.12', 104, 40, 62, 55, ['10.20.2.5']);

export const facts = (): Fact[] => [
  setPoint,
  point('10.20.1.12', 100, 0.2, 1.4, 0.71),
  point('10.20.1.12', 101, 118, 164, 141),
  point('10.20.1.12', 102, 6.9, 7.6, 7.2),
  point('10.20.1.12', 103, 0, 100, 62),
  point('10.20.1.12', 110, 0, 1, 1, ['10.20.2.5']),
  point('10.20.1.14', 200, 0, 1485, 1460),
  point('10.20.1.14', 201, 0, 62.5, 41.2, ['10.20.2.5', '10.20.2.6']),
  fact('operation', '10.20.2.5', '10.20.1.12', 1, 'write_single_register', 'write', { state: 'approved', by: 'anna', count: 214 }),
  fact('operation', '10.20.2.5', '10.20.1.12', 1, 'read_holding_registers', 'read', { state: 'approved', by: 'anna' }),
  fact('operation', '10.20.2.20', '10.20.1.12', 1, 'read_holding_registers', 'read'),
  fact('peer', '10.20.2.5', '10.20.1.12', -1, '', '', { state: 'approved', by: 'anna' }),
  fact('peer', '10.20.2.20', '10.20.1.12', -1, '', ''),
  fact('peer', '10.20.3.40', '10.20.1.13', -1, '', '', { count: 12 }),
];

const talk = (
  client: string,
  server: string,
  protocol: string,
  port: number,
  bytes: number,
  transactions: number,
  exceptions = 0,
  timeouts = 0,
): Conversation => ({
  id: id(`${client} ${server} ${port}`),
  client,
  server,
  protocol,
  transport: 'tcp',
  port,
  first_seen: new Date(START).toISOString(),
  last_seen: before(0.1),
  frames: Math.ceil(bytes / 70),
  bytes,
  transactions,
  exceptions,
  timeouts,
});

export const conversations = (): Conversation[] => [
  talk('10.20.2.5', '10.20.1.12', 'modbus', 502, 18_420_112, 133_210),
  talk('10.20.2.20', '10.20.1.12', 'modbus', 502, 7_310_003, 52_311, 0, 2),
  talk('10.20.2.6', '10.20.1.12', 'modbus', 502, 2_120_001, 13_003, 12),
  talk('10.20.3.66', '10.20.1.12', 'modbus', 502, 12_311, 88, 31),
  talk('10.20.2.5', '10.20.1.14', 'modbus', 502, 16_200_000, 120_001),
  talk('10.20.2.20', '10.20.1.30', 'opcua', 4840, 40_110_311, 80_113),
];

const protocol = (name: string, flows: number, frames: number, messages: number, more: Partial<Coverage['protocols'][number]> = {}) => ({
  protocol: name,
  flows,
  frames,
  bytes: frames * 78,
  messages,
  one_sided: 0,
  gaps: 0,
  lost_bytes: 0,
  retransmitted: 0,
  duplicates: 0,
  flaws: 0,
  opaque: 0,
  ...more,
});

const coverage: Coverage = {
  interfaces: [{ name: 'eth1', frames: 8_412_907, bytes: 655_203_112, dropped: 0, truncated: 0, undecoded: 41, duplicates: 0 }],
  protocols: [
    protocol('modbus', 14, 7_402_113, 3_610_004, { retransmitted: 112, flaws: 128 }),
    protocol('opcua', 5, 903_114, 402_110, { one_sided: 3, gaps: 2, lost_bytes: 4380, opaque: 288_311 }),
    protocol('smb', 2, 8211, 0),
    protocol('snmp', 6, 4120, 0),
    protocol('ntp', 4, 880, 0),
    protocol('lldp', 1, 451, 451),
  ],
  ceilings: [
    { name: 'flows', limit: 65_536, used: 32, hit: 0 },
    { name: 'operations', limit: 131_072, used: 1204, hit: 0 },
    { name: 'pending requests', limit: 4096, used: 18, hit: 0 },
    { name: 'stream buffers', limit: 2048, used: 1990, hit: 12 },
  ],
  clock_steps: 0,
};

export const BLIND = 'Only one direction of 3 OPC UA conversations is mirrored.';

export const status = (more: Partial<Status> = {}): Status => ({
  state: 'capturing',
  source: 'eth1',
  frames: 8_412_907,
  frames_per_second: 12_412,
  clock: CLOCK,
  assets_learning: 1,
  assets_protected: 11,
  blind: [BLIND, '72 % of OPC UA messages are encrypted.'],
  coverage,
  ...more,
});

const range = (from: number, values: number[], readers: string[], writers: string[], spread = 0): RegisterRange => ({
  from,
  quantity: values.length,
  readers,
  writers,
  reads: 41_200,
  writes: writers.length * 214,
  last_seen: before(0.05),
  values,
  low: values.map((value, n) => value - spread * (n + 1)),
  high: values.map((value, n) => value + spread * (n + 1)),
});

const table = (server: string, unit: number, name: RegisterTable['table'], ranges: RegisterRange[]): RegisterTable => ({
  id: id(`registers ${server} ${unit} ${name}`),
  server,
  unit,
  table: name,
  points: ranges.reduce((sum, { quantity }) => sum + quantity, 0),
  transactions: 41_414,
  last_seen: before(0.05),
  ranges,
});

/** The register map of the dosing controller. */
export const registers = (): RegisterTable[] => [
  table('10.20.1.12', 1, 'coils', [range(0, [1, 0, 1, 1, 0, 0], ['10.20.2.5'], []), range(6, [1, 0], ['10.20.2.5'], ['10.20.2.5'])]),
  table('10.20.1.12', 1, 'holding_registers', [
    range(100, [71, 141, 72, 62], ['10.20.2.20', '10.20.2.5'], [], 4),
    range(110, [1], ['10.20.2.5'], ['10.20.2.5', '10.20.3.40']),
  ]),
  table('10.20.1.12', 2, 'holding_registers', [range(40, [0, 0x4148, 7, 0x42c8], ['10.20.2.5'], [], 3)]),
];
