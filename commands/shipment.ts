/** An appliance whose store is shipped to a cluster: the thread that does it, and the store that the console reads. */
import { hostname } from 'node:os';
import type { Status } from '../analyzer/coverage.ts';
import type { Decision } from '../analyzer/finding.ts';
import { connect } from '../analyzer/store/elastic/connection.ts';
import { scopeOf } from '../analyzer/store/elastic/scope.ts';
import { elasticStore, record } from '../analyzer/store/elastic.ts';
import { Shipping } from '../analyzer/store/shipping/shipping.ts';
import type { Store } from '../analyzer/store/store.ts';
import { type TieredStore, tiered } from '../analyzer/store/tiered.ts';
import { type Config, milliseconds } from '../config.ts';
import { connectionOf, lifecycleOf } from './cluster.ts';
import { unfit } from './fit.ts';

/** ms that a page waits for the cluster before it shows what is here. */
const PAGE = 3000;
/** How often (ms) the other side is told how the appliance is. */
const PRESENCE = 10_000;

export type Shipment = { store: TieredStore; shipping: Shipping; stop(): Promise<void> };

export type ShipmentOptions = {
  config: Config;
  /** Of the local store. */
  path: string;
  local: Store;
  onDecided: (decision: Decision) => Promise<void>;
  said: () => { status: Status; rules: unknown[] };
  version: string;
  log: (line: string) => void;
};

export function startShipment({ config, path, local, onDecided, said, version, log }: ShipmentOptions): Shipment {
  const { site, organization, elasticsearch } = config;
  const connection = connectionOf(config);
  const names = { prefix: elasticsearch.prefix, site, organization, observer: hostname() };
  const limits = { documents: elasticsearch.backlog, age: milliseconds(elasticsearch.backlog_age) };
  const shipping = new Shipping({ path, connection, ...names, limits, retention: lifecycleOf(config) }, { onDecided, log });
  const client = connect({ ...connection, timeout: PAGE });
  const scope = scopeOf({ client, prefix: names.prefix }, site, names.observer, organization);
  const central = elasticStore(scope);
  shipping.start();
  const tell = (): void => shipping.tell({ version, ...said() });
  tell();
  const present = setInterval(tell, PRESENCE);
  present.unref();
  return {
    store: tiered({ local, central, unfit: () => unfit(shipping.state, Date.now()), record: (decision) => record(scope, decision, true) }),
    shipping,
    async stop() {
      clearInterval(present);
      await shipping.stop();
      await client.close();
    },
  };
}
