/** The appliance's own store and the cluster's as one: read there, written here, and read here while there is not fit. */
import type { Decision } from '../finding.ts';
import { type Store, StoreError } from './store.ts';

/** ms until a cluster that failed is asked again. */
const AGAIN = 10_000;
/** ms that a decision waits for the cluster to know it: whoever decided reads it next. */
const KNOWN_WITHIN = 2000;

export type Tiers = {
  local: Store;
  central: Store;
  /** Why the cluster cannot answer yet, such as while history is on its way; '' when it can. */
  unfit: () => string;
  /** Makes the cluster know a decision that was taken here. */
  record: (decision: Decision) => Promise<void>;
  /** Monotonic ms. */
  now?: () => number;
};

/** `reason`: why what is shown comes from the appliance alone; '' when it comes from the cluster. */
export type TieredStore = Store & { reason(): string };

const READS = [
  'findings',
  'findingFacets',
  'finding',
  'assets',
  'assetFacets',
  'asset',
  'facts',
  'conversations',
  'observations',
  'registers',
  'tags',
  'tagLists',
  'decisions',
  'health',
  'auditLines',
] as const satisfies readonly (keyof Store)[];

type Reads = Pick<Store, (typeof READS)[number]>;
type Method = (...args: unknown[]) => Promise<unknown>;

/** Of an error that nobody foresaw, such as of a document that is none of ours. */
const lineOf = (error: unknown): string =>
  String((error as Error).message ?? error)
    .split('\n')[0]!
    .slice(0, 200);

export function tiered({ local, central, unfit, record, now = () => performance.now() }: Tiers): TieredStore {
  let failed = '';
  let retry = Number.NEGATIVE_INFINITY;
  const reason = (): string => (now() < retry ? failed : unfit());
  const read = async (name: (typeof READS)[number], args: unknown[]): Promise<unknown> => {
    const here = (): Promise<unknown> => (local[name] as Method)(...args);
    if (reason() !== '') return here();
    try {
      return await (central[name] as Method)(...args);
    } catch (error) {
      if (error instanceof StoreError && error.kind !== 'storage') throw error;
      failed = error instanceof StoreError ? error.message : `What Elasticsearch holds cannot be read (${lineOf(error)})`;
      retry = now() + AGAIN;
      return here();
    }
  };
  const reads = Object.fromEntries(READS.map((name) => [name, (...args: unknown[]) => read(name, args)])) as unknown as Reads;
  return {
    ...local,
    ...reads,
    reason,
    async decide(decision, known) {
      await local.decide(decision, known);
      if (reason() === '') await within(record(decision));
    },
    // A lifecycle has dropped it there already, where the server has lifecycles.
    async expire(before) {
      const gone = await local.expire(before);
      return gone + (reason() === '' ? await central.expire(before).catch(() => 0) : 0);
    },
    async close() {
      await central.close().catch(() => undefined);
      await local.close();
    },
  };
}

/** Waits a little; what it was for is shipped in any case. */
async function within(work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const enough = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, KNOWN_WITHIN);
  });
  await Promise.race([work.catch(() => undefined), enough]);
  clearTimeout(timer);
}
