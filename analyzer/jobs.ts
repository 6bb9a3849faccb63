/** What happens by the clock: retention. */
import cron from 'node-cron';
import type { Store } from './store/store.ts';

export type Jobs = {
  store: Pick<Store, 'expire'>;
  /** Days that observations and measurements are kept; 0 keeps them for good. Findings, decisions and the audit trail always stay. */
  retentionDays: number;
  /** ms since the epoch, by the clock that observations are stamped with: capture time, so that an old capture is not old to itself. */
  now: () => number;
  /** One readable line. */
  log: (line: string) => void;
};

/** Every hour, so that what goes at once is little. */
const RETENTION = '17 * * * *';
const DAY = 86_400_000;

/** Drops what is older than the retention; returns how much went. A store that cannot is logged, and asked again next time. */
export async function retain({ store, retentionDays, now, log }: Jobs): Promise<number> {
  const time = now();
  if (!(retentionDays > 0) || !Number.isFinite(time) || time <= retentionDays * DAY) return 0;
  try {
    const gone = await store.expire(new Date(time - retentionDays * DAY).toISOString());
    if (gone > 0) log(`Retention: dropped ${gone} observations and measurements older than ${retentionDays} days.`);
    return gone;
  } catch (error) {
    log(`Retention: nothing dropped. ${error instanceof Error ? error.message : String(error)}`);
    return 0;
  }
}

/** Starts the schedule; the answer stops it. A run that is still going is not started again. */
export function scheduleJobs(jobs: Jobs): () => void {
  const task = cron.schedule(RETENTION, () => retain(jobs), { name: 'retention', noOverlap: true });
  return () => void task.destroy();
}
