/** What was seen, how well, and what was not: shown beside every conclusion. */
import type { Coverage } from '../sensor/observation.ts';

export type { Ceiling, Coverage, InterfaceCoverage, ProtocolCoverage } from '../sensor/observation.ts';

/** The strip on top of every console page. */
export type Status = {
  /** `capturing`, `replaying`, `ended`, `failed`. */
  state: 'capturing' | 'replaying' | 'ended' | 'failed';
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
};
