/** The attacks of the recording, in order: who does what to whom, and what a monitor must say. README.md tells them in words. */
export type Attack = {
  name: string;
  /** Seconds after the recording began. */
  at: number;
  /** The host that does it. */
  by: 'attacker' | 'hmi' | 'cable';
  target: string;
  /** ATT&CK for ICS (v19). */
  techniques: readonly string[];
  /** Each of these rules must raise a finding whose time overlaps the attack. */
  rules: readonly string[];
};

const TANK = '10.20.1.11';
const VALVE = '10.20.1.12';
const GATEWAY = '10.20.1.20';
const OPCUA = '10.20.1.30';
const HISTORIAN = '10.20.2.20';

export const ATTACKS: readonly Attack[] = [
  { name: 'sweep', at: 92, by: 'attacker', target: '10.20.1.0/24', techniques: ['T0846'], rules: ['arp-sweep', 'network-new-device-announced'] },
  { name: 'port-sweep', at: 100, by: 'attacker', target: '10.20.0.0/16', techniques: ['T0846.001'], rules: ['modbus-host-sweep'] },
  { name: 'identify', at: 110, by: 'attacker', target: TANK, techniques: ['T0888'], rules: ['modbus-device-identification'] },
  { name: 'scan-units', at: 117, by: 'attacker', target: GATEWAY, techniques: ['T0846'], rules: ['modbus-unit-scan'] },
  {
    name: 'scan-functions',
    at: 126,
    by: 'attacker',
    target: TANK,
    techniques: ['T0846', 'T0888'],
    rules: ['modbus-function-scan', 'modbus-reserved-function'],
  },
  { name: 'scan-addresses', at: 136, by: 'attacker', target: VALVE, techniques: ['T0861'], rules: ['modbus-address-scan'] },
  { name: 'write-registers', at: 142, by: 'attacker', target: TANK, techniques: ['T1692.001', 'T0836'], rules: ['modbus-write-new-client'] },
  { name: 'write-new-point', at: 152, by: 'hmi', target: VALVE, techniques: ['T0836'], rules: ['modbus-write-new-address'] },
  { name: 'toggle', at: 160, by: 'hmi', target: TANK, techniques: ['T0806'], rules: ['modbus-toggling', 'modbus-write-new-address'] },
  {
    name: 'opcua-discover',
    at: 172,
    by: 'attacker',
    target: OPCUA,
    techniques: ['T0861'],
    rules: ['opcua-server-discovery', 'opcua-anonymous-session', 'opcua-address-space-walk'],
  },
  { name: 'opcua-guess', at: 182, by: 'attacker', target: OPCUA, techniques: ['T0859'], rules: ['opcua-brute-force', 'opcua-password-clear'] },
  {
    name: 'opcua-intrude',
    at: 194,
    by: 'attacker',
    target: OPCUA,
    techniques: ['T1692.001', 'T0836'],
    rules: ['opcua-write-new-client', 'opcua-call-new-method'],
  },
  { name: 'stop-controller', at: 202, by: 'attacker', target: TANK, techniques: ['T0858'], rules: ['modbus-umas-start-stop'] },
  { name: 'take-address', at: 208, by: 'cable', target: HISTORIAN, techniques: ['T0830'], rules: ['arp-address-conflict'] },
  { name: 'listen-only', at: 218, by: 'attacker', target: VALVE, techniques: ['T0814'], rules: ['modbus-force-listen-only'] },
];
