/** What the baseline knows: rows a person can read, approve and retire. */

export const FACT_KINDS = ['peer', 'operation', 'point'] as const;
export type FactKind = (typeof FACT_KINDS)[number];

/** `proposed`: learned, nobody said yes yet. `approved`: a person did. `retired`: no longer counts as known. */
export const FACT_STATES = ['proposed', 'approved', 'retired'] as const;
export type FactState = (typeof FACT_STATES)[number];

export type Fact = {
  /** Hash of kind and key: the same fact learned twice is one fact. */
  id: string;
  kind: FactKind;
  /** Who asks. '' where the fact is about the server alone (a point). */
  client: string;
  server: string;
  protocol: string;
  /** The server's port (peer facts), else 0. */
  port: number;
  /** Modbus unit id, else -1. */
  unit: number;
  /** Operation: function or service name. Point: `holding_registers/100` or a node id. Peer: ''. */
  what: string;
  /** `read`, `write`, `identify`, `diagnostic`, `program`, `control`, ...; '' for a peer. */
  access: string;
  /** Points: who reads and who writes it, in order of first appearance. */
  readers: string[];
  writers: string[];
  /** Methods: who calls it. Nodes: who has a server tell its changes. Absent while nobody does. */
  callers?: string[];
  watchers?: string[];
  /** Nodes: the name the standard gives it. */
  name?: string;
  /** Nodes whose value is no number: the last one, cut short. */
  text?: string;
  /** Points whose values are numbers: the range seen and the last value; null elsewhere. */
  range: { min: number; max: number; last: number } | null;
  /** RFC 3339, wire time. */
  first_seen: string;
  last_seen: string;
  count: number;
  /** Up to three frames that show it. */
  frames: number[];
  state: FactState;
  /** Who approved or retired it; '' while proposed. */
  by: string;
  /** Where it is, where those of many sites are read. */
  site?: string;
};

/** One line for people: `10.0.0.5 reads holding_registers/100 of 10.0.0.9 unit 1`. */
export function factText(fact: Fact): string {
  const unit = fact.unit < 0 ? '' : ` unit ${fact.unit}`;
  if (fact.kind === 'peer') return `${fact.client} talks ${fact.protocol || 'an unknown protocol'} to ${fact.server} port ${fact.port}`;
  if (fact.kind === 'operation') return `${fact.client} does ${fact.what} on ${fact.server}${unit}`;
  const said = (how: string, by: readonly string[] = []): string[] => (by.length > 0 ? [`${how} by ${by.join(', ')}`] : []);
  const by = [...said('read', fact.readers), ...said('written', fact.writers), ...said('called', fact.callers), ...said('watched', fact.watchers)];
  return `${fact.what} of ${fact.server}${unit} is ${by.join(' and ') || 'known'}`;
}
