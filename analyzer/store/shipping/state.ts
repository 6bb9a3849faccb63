/** How shipping goes, for people. */

export type LaneState = {
  /** Findings, assets, ... */
  kind: string;
  /** Documents that wait, and since when the oldest does (ms since the epoch), 0 for none. */
  waiting: number;
  oldest: number;
  shipped: number;
  /** Shipped a second, over the last ten. */
  rate: number;
  /** Not shipped, for want of room or time. They are in the local store. */
  given_up: number;
  /** Refused for good by the other side, and kept with the reason. */
  dead: number;
  /** Why the last of those was refused; '' when none was. */
  reason: string;
  /** '' while all is well. */
  trouble: string;
  /** Tries that failed since the last that did not. */
  tries: number;
};

export type ShippingState = {
  /** The cluster has what documents need. */
  ready: boolean;
  /** Why it is not; '' when it is. */
  trouble: string;
  lanes: LaneState[];
};

/** What came of sending again what was refused; `queued`: it goes with its kind, as it is now. */
export type Replayed = { taken: number; refused: number; queued: number };

const sum = (lanes: readonly LaneState[], of: 'waiting' | 'shipped' | 'given_up' | 'dead'): number => lanes.reduce((all, lane) => all + lane[of], 0);

export const waitingIn = ({ lanes }: ShippingState): number => sum(lanes, 'waiting');
export const deadIn = ({ lanes }: ShippingState): number => sum(lanes, 'dead');
export const givenUpIn = ({ lanes }: ShippingState): number => sum(lanes, 'given_up');

/** Shipping in numbers: for how long (ms) the oldest waits, documents a second, kinds whose tries fail. */
export type Measured = { waiting: number; age: number; rate: number; failing: number; refused: number; given_up: number };

export function measured(state: ShippingState, now: number): Measured {
  const { lanes } = state;
  return {
    waiting: waitingIn(state),
    age: Math.max(0, ...lanes.filter(({ oldest }) => oldest > 0).map(({ oldest }) => now - oldest)),
    rate: Math.round(lanes.reduce((all, lane) => all + lane.rate, 0)),
    failing: state.trouble === '' ? lanes.filter(({ tries }) => tries > 0).length : lanes.length,
    refused: deadIn(state),
    given_up: givenUpIn(state),
  };
}

/** What keeps documents here, in one line; '' when nothing does. */
export const troubleOf = ({ trouble, lanes }: ShippingState): string => trouble || (lanes.find((lane) => lane.trouble !== '')?.trouble ?? '');

/** ms after which what waits is behind, and tries in a row that failed: one alone may fail at any time. */
const BEHIND = 300_000;
const FAILED = 5;

/** For how long (ms) something has been waiting that should have been shipped by now; 0 when nothing has. `now` is ms since the epoch. */
export function behind({ trouble, lanes }: ShippingState, now: number): number {
  const stuck = lanes.filter(({ oldest, tries }) => oldest > 0 && (trouble !== '' || tries >= FAILED));
  const waited = Math.max(0, ...stuck.map(({ oldest }) => now - oldest));
  return waited > BEHIND ? waited : 0;
}
