/** What `rules list` and the console say about each rule, and why one cannot fire. */
import { technique } from '../attack.ts';
import type { Status } from '../coverage.ts';
import type { Level } from '../finding.ts';
import { compileDetection } from './detection.ts';
import { fold, type Reader, UNKNOWN } from './fold.ts';
import type { Rule } from './rule.ts';

export { testRules } from './trial.ts';

export type Listed = {
  id: string;
  name: string;
  title: string;
  level: Level;
  enabled: boolean;
  tests: number;
  catalogue: string[];
  /** ATT&CK ids: `T1692.001`. */
  attack: string[];
  /** Why it cannot fire now; null when it can. */
  cannot_fire: string | null;
};

/** `status`: what is seen at present; without it only the rule itself is judged. */
export function listRules(rules: readonly Rule[], status: Status | null = null): Listed[] {
  return rules.map((rule) => ({
    id: rule.id,
    name: rule.name,
    title: rule.title,
    level: rule.level,
    enabled: rule.enabled,
    tests: rule.tests.length,
    catalogue: rule.catalogue,
    attack: rule.tags.flatMap((tag) => technique(tag)?.id ?? []),
    cannot_fire: cannotFire(rule, rules, status),
  }));
}

/** Why a rule cannot fire, in words; null when it can. A correlation cannot when none of its rules can. */
export function cannotFire(rule: Rule, among: readonly Rule[], status: Status | null): string | null {
  if (!rule.enabled) return 'It is switched off in its file.';
  if (rule.correlation !== null) {
    const reasons = among.filter((base) => rule.correlation?.rules.includes(base.name)).map((base) => cannotFire(base, among, status));
    return reasons.length > 0 && reasons.every((reason) => reason !== null) ? (reasons[0] as string) : null;
  }
  if (rule.detection === null) return null;
  const node = compileDetection(rule.detection);
  const never = (read: Reader): boolean => fold(node, read) === false;
  if (never((field) => (field === 'kind' ? rule.category : UNKNOWN))) return 'Its condition can never hold.';
  return status === null ? null : atPresent(rule, never, status);
}

const PROTOCOL: { [category: string]: [protocol: string, name: string] } = {
  modbus: ['modbus', 'Modbus'],
  opcua: ['opcua', 'OPC UA'],
  'opcua-channel': ['opcua', 'OPC UA'],
};

function atPresent(rule: Rule, never: (read: Reader) => boolean, status: Status): string | null {
  const learning = status.assets_protected === 0 && never((field) => (field.startsWith('baseline.') ? 'learning' : UNKNOWN));
  if (learning) return 'It compares with what was learned, and every device is still being learned.';
  const [protocol, name] = PROTOCOL[rule.category] ?? [];
  if (protocol === undefined) return null;
  const seen = status.coverage.protocols.find((one) => one.protocol === protocol);
  if (seen === undefined || seen.flows === 0) return `No ${name} was seen.`;
  if (seen.messages === 0) return `No ${name} message could be read.`;
  if (seen.opaque >= seen.messages && never(encrypted)) return `Every ${name} message seen is encrypted.`;
  if (seen.one_sided >= seen.flows && never(oneSided)) return `Only one direction of the ${name} conversations is seen.`;
  return null;
}

/** What an encrypted message still shows: its header. */
const HEADER = new Set([
  'message_type',
  'response_message_type',
  'channel_id',
  'token_id',
  'request_id',
  'visibility',
  'security_policy',
  'security_mode',
  'endpoint_url',
  'flaws',
]);
const encrypted: Reader = (field) => (field.startsWith('opcua.') && !HEADER.has(field.slice(6)) ? null : UNKNOWN);

/** Without answers there are no refusals. */
const oneSided: Reader = (field) => {
  if (field === 'modbus.exception_code' || field === 'modbus.exception' || field === 'opcua.status' || field === 'latency') return null;
  return field === 'outcome' ? 'lost' : UNKNOWN;
};
