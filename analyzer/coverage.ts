/** What was seen, how well, and what was not: shown beside every conclusion. */
import type { Coverage } from '../sensor/observation.ts';
import type { ShippingState } from './store/shipping/state.ts';

export { type Ceiling, type Coverage, type InterfaceCoverage, type ProtocolCoverage, sum } from '../sensor/observation.ts';
export { deadIn, givenUpIn, type LaneState, type Replayed, type ShippingState, troubleOf, waitingIn } from './store/shipping/state.ts';

/** The strip on top of every console page. */
export type Status = {
  /** `silent`: of a site that is not heard, at the central console. */
  state: 'capturing' | 'replaying' | 'ended' | 'failed' | 'silent';
  /** What is read: an interface or file names. */
  source: string;
  frames: number;
  frames_per_second: number;
  /** Capture time, RFC 3339; '' before the first frame. */
  clock: string;
  assets_learning: number;
  assets_protected: number;
  /** Sentences that say what is not seen; empty when nothing is known to be missed. */
  blind: string[];
  coverage: Coverage;
  /** How shipping to Elasticsearch goes, where there is one. */
  shipping?: ShippingState;
  /** Why pages show what this appliance keeps rather than what the cluster has; '' or absent when they don't. */
  local?: string;
  /** How long observations and measurements are kept, in days, here and in the cluster. */
  retention?: number;
};
