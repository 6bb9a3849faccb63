/** What the appliance and its shipping thread say to each other. */
import type { Decision } from '../../finding.ts';
import type { Connection } from '../elastic/connection.ts';
import type { Presence, Rules } from '../elastic/presence.ts';
import type { Limits } from './shipper.ts';
import type { Replayed, ShippingState } from './state.ts';

export type Order = {
  /** Path of the local store. */
  path: string;
  connection: Connection;
  prefix: string;
  site: string;
  observer: string;
  organization: string;
  limits: Limits;
  /** Of streams, where the server has lifecycles; null for good. */
  retention: string | null;
};

/** How the appliance is, to be told at the other side. */
export type Said = Pick<Presence & Rules, 'version' | 'status' | 'rules'>;

export type ToThread = { say: 'stop' } | { say: 'hurry' } | { say: 'replay'; n: number } | { say: 'presence'; presence: Said };

export type FromThread =
  | { say: 'state'; state: ShippingState }
  /** For the log of the appliance. */
  | { say: 'line'; line: string }
  /** Taken elsewhere, for this site to take too. */
  | { say: 'decided'; decisions: Decision[] }
  | { say: 'replayed'; n: number; replayed: Replayed }
  | { say: 'failed'; n: number; reason: string };
