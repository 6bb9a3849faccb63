/** Whether the cluster shows what the appliance has stored, so that pages may be read there. */
import type { LaneState, ShippingState } from '../analyzer/store/shipping/state.ts';

/** Documents of a kind that may wait while the cluster still counts as up to date. */
const FEW = 2000;
/** How long (ms) one may wait: some kinds go twice a second, the others every 15 s. */
const SOON = 8000;
const LATER = 30_000;

type Limits = {
  /** ms that a document may wait. */
  wait: number;
  /** Pages would lack what the other side refused, or show it as it was before. */
  whole: boolean;
};

/** What the console lists; single observations may still be on their way. */
const LISTED: { [kind: string]: Limits } = {
  findings: { wait: SOON, whole: true },
  decisions: { wait: SOON, whole: true },
  taglists: { wait: SOON, whole: false },
  audit: { wait: SOON, whole: false },
  assets: { wait: LATER, whole: true },
  facts: { wait: LATER, whole: true },
  conversations: { wait: LATER, whole: false },
  registers: { wait: LATER, whole: false },
};

/** What pages would lack of one kind; '' for nothing worth a word. */
function lacks({ kind, waiting, oldest, dead, trouble, tries }: LaneState, { wait, whole }: Limits, now: number): string {
  if (whole && dead > 0) return `Elasticsearch refused some ${kind} for good: once the cause is gone, send them again.`;
  if (waiting === 0) return '';
  if (tries > 0) return trouble;
  if (waiting > FEW) return `${waiting.toLocaleString('en')} ${kind} are still on their way to Elasticsearch.`;
  return oldest > 0 && now - oldest > wait ? `The newest ${kind} are still on their way to Elasticsearch.` : '';
}

/** Why pages must not be read from the cluster; '' when they may. `now` is ms since the epoch. */
export function unfit({ ready, trouble, lanes }: ShippingState, now: number): string {
  if (!ready) return trouble === '' ? 'Elasticsearch is being made ready.' : trouble;
  for (const lane of lanes) {
    const limits = LISTED[lane.kind];
    const lacking = limits === undefined ? '' : lacks(lane, limits, now);
    if (lacking !== '') return lacking;
  }
  return '';
}
