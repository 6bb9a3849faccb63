/** What happened in the plant of `plant.ts` one morning, and the rules that say so. */
import type { Fact } from '../../analyzer/fact.ts';
import type { Finding, Level } from '../../analyzer/finding.ts';
import type { Kept } from '../../analyzer/store/store.ts';
import type { RuleSummary } from '../../ui/console.ts';
import { assets, before, facts, id, setPoint } from './plant.ts';

const RULES: [name: string, title: string, level: Level, tags: string[], catalogue: string[], cannot: string | null][] = [
  ['modbus-write-new-client', 'Modbus write from a client that never wrote to this device', 'high', ['attack.t1692.001', 'attack.t0848'], ['MB-01'], null],
  ['modbus-value-out-of-range', 'Value written outside the range it ever had', 'high', ['attack.t0836'], ['MB-07'], null],
  ['modbus-function-scan', 'Function codes tried one after the other', 'medium', ['attack.t0888', 'attack.t0846'], ['MB-11'], null],
  ['modbus-program-transfer', 'Program transferred to a controller', 'critical', ['attack.t0843.001', 'attack.t0889'], ['MB-15', 'MB-16'], null],
  ['modbus-exceptions', 'A device refuses more requests than usual', 'low', [], ['MB-21'], null],
  ['opcua-security-none', 'OPC UA channel without security', 'medium', ['attack.t0842'], ['UA-02'], null],
  [
    'opcua-write-new-client',
    'OPC UA write from a client that never wrote here',
    'high',
    ['attack.t1692.001'],
    ['UA-05'],
    'every OPC UA session seen is encrypted',
  ],
  ['network-new-device', 'A device that was never seen before', 'medium', ['attack.t0848', 'attack.t0860'], ['NET-01'], null],
  ['health-one-sided', 'Only one direction of a conversation is mirrored', 'informational', [], ['HL-02'], null],
  ['modbus-broadcast-write', 'Write to unit 0', 'medium', ['attack.t0806'], ['MB-09'], null],
];

export const rules = (): RuleSummary[] =>
  RULES.map(([name, title, level, attack, catalogue, cannot_fire], i) => ({
    id: `0f6c1c39-6a1e-4d0e-9a52-6f1b6b8b2a${10 + i}`,
    name,
    title,
    level,
    catalogue,
    attack,
    cannot_fire,
    enabled: name !== 'modbus-broadcast-write',
    description:
      'A write changes what a controller does. Who may write to a device hardly ever changes, so a new writer is a new engineering station, a replaced HMI, or somebody who should not be there.',
    why: 'A Modbus device obeys whoever writes to it: the protocol has no login and no signature. One register is enough to move a set point or stop a pump.',
    blind: 'Says nothing about a known client that was taken over; modbus-value-out-of-range does.',
  }));

type Told = {
  rule: string;
  risk: number;
  actor: string;
  target: string;
  unit?: number;
  minutes: number;
  count: number;
  explanation: string;
  seen?: Finding['seen'];
  expected?: Fact[];
};

export function finding(told: Told): Finding {
  const [name, title, level, tags] = RULES.find(([name]) => name === told.rule) as (typeof RULES)[number];
  const named = (ip: string) => ({
    ip,
    name:
      assets()
        .find((one) => one.address === ip)
        ?.attributes.find((one) => one.name === 'name')?.value ?? null,
  });
  const occurrences = Array.from({ length: Math.min(told.count, 8) }, (_, i) => ({
    '@timestamp': before(told.minutes + told.count - i),
    frames: [478_200 + 31 * i, 478_201 + 31 * i],
  }));
  return {
    id: id(`finding ${told.rule} ${told.minutes}`),
    rule: { id: `0f6c1c39-${name}`, name, level, version: 3 },
    title,
    level,
    risk: told.risk,
    risk_factors: { level: 0.75, criticality: 1, confidence: 0.97 },
    actor: named(told.actor),
    target: { ...named(told.target), unit_id: told.unit ?? null },
    opened: before(told.minutes + told.count),
    last_seen: before(told.minutes),
    count: told.count,
    occurrences,
    tags,
    seen: told.seen ?? {
      source: { ip: told.actor },
      destination: { ip: told.target, port: 502 },
      modbus: { unit_id: told.unit ?? 1, function: 'read_holding_registers', access: 'read' },
    },
    expected: told.expected ?? [],
    explanation: told.explanation,
    respond: {
      soc: `Who owns ${told.actor}? Look for its first traffic, its switch port, and logins on it in the last hour. If nobody knows it, isolate the port after the plant agreed.`,
      plant: `Is anyone working on ${told.target} right now? Compare the set points with the recipe, and keep hands on the manual valve until you know.`,
    },
    blind: 'Says nothing about a known client that was taken over; modbus-value-out-of-range does.',
    inputs: { rule: 'b1946ac92492d2347c6235b4d2611184b1946ac92492d234', baseline: '591785b794601e212b260e25925636fd591785b794601e21' },
  };
}

const write = {
  source: { ip: '10.20.3.66', port: 50112 },
  destination: { ip: '10.20.1.12', port: 502 },
  outcome: 'answered',
  modbus: {
    unit_id: 1,
    function_code: 6,
    function: 'write_single_register',
    access: 'write',
    table: 'holding_registers',
    address: 104,
    quantity: 1,
    range: 'holding_registers/104',
    values: [95],
  },
  baseline: { operation: 'new', point: 'new_writer', value: 'outside' },
};

export const findings = (): Finding[] => [
  finding({
    rule: 'modbus-write-new-client',
    risk: 73,
    actor: '10.20.3.66',
    target: '10.20.1.12',
    unit: 1,
    minutes: 3,
    count: 4,
    seen: write,
    expected: [
      setPoint,
      ...facts()
        .filter((one) => one.kind === 'operation')
        .slice(0, 2),
    ],
    explanation:
      '10.20.3.66 wrote 95 to holding register 104 of PLC-DOSING (10.20.1.12) unit 1. Until now only HMI-CONTROL (10.20.2.5) wrote there, between 40 and 62.',
  }),
  finding({
    rule: 'modbus-program-transfer',
    risk: 96,
    actor: '10.20.3.40',
    target: '10.20.1.13',
    unit: 1,
    minutes: 34,
    count: 1,
    explanation: 'ENG-STATION (10.20.3.40) downloaded a program of 48 kB to PLC-FILTER (10.20.1.13). No program was ever transferred to it before.',
  }),
  finding({
    rule: 'modbus-value-out-of-range',
    risk: 71,
    actor: '10.20.3.66',
    target: '10.20.1.12',
    unit: 1,
    minutes: 3.2,
    count: 4,
    seen: write,
    expected: [setPoint],
    explanation: 'Holding register 104 of PLC-DOSING (10.20.1.12) was set to 95. In 26,704 observations it was between 40 and 62.',
  }),
  finding({
    rule: 'modbus-function-scan',
    risk: 48,
    actor: '10.20.3.66',
    target: '10.20.1.14',
    unit: 1,
    minutes: 6,
    count: 128,
    explanation: '10.20.3.66 tried 128 function codes on PLC-PUMPS (10.20.1.14) within 4 s; 121 were refused. Its neighbours use four.',
  }),
  finding({
    rule: 'network-new-device',
    risk: 44,
    actor: '10.20.3.66',
    target: '10.20.0.1',
    minutes: 11,
    count: 1,
    explanation: '10.20.3.66 (Intel Corporate, 3c:52:82:14:03:42) appeared on VLAN 30. Nothing with this address was seen in the 3 h before.',
  }),
  finding({
    rule: 'opcua-security-none',
    risk: 38,
    actor: '10.20.2.20',
    target: '10.20.1.30',
    minutes: 72,
    count: 17,
    explanation: 'HISTORIAN (10.20.2.20) opened a channel to UA-BLOWER (10.20.1.30) with security mode None although Sign & Encrypt is offered.',
  }),
  finding({
    rule: 'modbus-exceptions',
    risk: 22,
    actor: '10.20.2.6',
    target: '10.20.1.20',
    unit: 4,
    minutes: 15,
    count: 2310,
    explanation: 'GW-METERS (10.20.1.20) unit 4 answered 31 % of requests of HMI-LOCAL with gateway target failed to respond; usual are 0.1 %.',
  }),
  finding({
    rule: 'health-one-sided',
    risk: 8,
    actor: '10.20.2.20',
    target: '10.20.1.30',
    minutes: 58,
    count: 3,
    explanation: 'Only requests of 3 conversations between HISTORIAN and UA-BLOWER reach the sensor; answers are not mirrored.',
  }),
];
const kept = (n: number, value: number): Kept => ({
  id: `kept${n}`,
  '@timestamp': before(7 - n),
  kind: 'modbus',
  frames: [478_200 + 31 * n, 478_201 + 31 * n],
  source: '10.20.3.66:50112',
  destination: '10.20.1.12:502',
  json: {
    kind: 'modbus',
    '@timestamp': before(7 - n),
    ...write,
    latency: 1.27,
    request_frame: 478_200 + 31 * n,
    response_frame: 478_201 + 31 * n,
    modbus: { framing: 'tcp', transaction_id: 7 + n, ...write.modbus, values: [value], exception_code: null },
  },
});

export const observations = (): Kept[] => [kept(0, 95), kept(1, 95), kept(2, 96), kept(3, 95)];
