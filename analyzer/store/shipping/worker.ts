/** The thread that ships: the analyzer never waits for the network, nor for making documents of what it stored. */
import { setTimeout as sleep } from 'node:timers/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { connect } from '../elastic/connection.ts';
import { announce } from '../elastic/presence.ts';
import { scopeOf } from '../elastic/scope.ts';
import { openDatabase } from '../sqlite/database.ts';
import { Inbox } from './inbox.ts';
import type { FromThread, Order, Said, ToThread } from './messages.ts';
import { namesakes } from './namesakes.ts';
import { Shipper } from './shipper.ts';

/** How often (ms) the state is told, and decisions are looked for. */
const STATE = 1000;
const LOOK = 2000;

const order = workerData as Order;
const db = openDatabase(order.path);
const client = connect(order.connection);
const scope = scopeOf({ client, prefix: order.prefix }, order.site, order.observer, order.organization);
const shipper = new Shipper(db, scope, order.limits, order.retention);
const stopped = new AbortController();
let presence: Said | null = null;
/** Whether it was looked who else says that it is this site. */
let looked = false;

const tell = (message: FromThread): void => parentPort?.postMessage(message);

/** Again and again until the end; what fails is told by the lanes, which fail too. */
async function every(ms: number, work: () => Promise<void>): Promise<void> {
  while (!stopped.signal.aborted) {
    if (shipper.isReady) await work().catch(() => undefined);
    await sleep(ms, undefined, { signal: stopped.signal }).catch(() => undefined);
  }
}

const inbox = new Inbox(db, scope, (line) => tell({ say: 'line', line }));

async function look(): Promise<void> {
  const decisions = await inbox.arrived();
  if (decisions.length > 0) tell({ say: 'decided', decisions });
}

/** Each word once: should the appliance stand still, it falls silent. */
async function present(): Promise<void> {
  const said = presence;
  presence = null;
  if (said === null) return;
  if (!looked) {
    const line = await namesakes(scope, Date.now());
    looked = true;
    if (line !== null) tell({ say: 'line', line });
  }
  await announce(scope, { ...said, contact: Date.now() });
}

async function replay(n: number): Promise<void> {
  try {
    tell({ say: 'replayed', n, replayed: await shipper.replay() });
  } catch (error) {
    tell({ say: 'failed', n, reason: (error as Error).message });
  }
}

async function stop(): Promise<void> {
  clearInterval(timer);
  stopped.abort();
  await Promise.all([shipper.stop(), ...loops]);
  tell({ say: 'state', state: shipper.state() });
  await client.close();
  db.close();
  parentPort?.close();
}

parentPort?.on('message', (message: ToThread) => {
  if (message.say === 'hurry') shipper.hurry();
  else if (message.say === 'presence') presence = message.presence;
  else if (message.say === 'replay') void replay(message.n);
  else void stop();
});

shipper.start();
const timer = setInterval(() => tell({ say: 'state', state: shipper.state() }), STATE);
const loops = [every(LOOK, look), every(STATE, present)];
