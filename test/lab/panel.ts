/** The operator station's OPC UA panel: signed but not encrypted, with a user name. Subscribes, writes set points, calls a method. */
import { AttributeIds, type ClientSession, DataType, MessageSecurityMode, SecurityPolicy, StatusCodes, TimestampsToReturn, UserTokenType } from 'node-opcua';
import { client, session } from './opcua-client.ts';
import { type Counts, count, plug, sleep } from './wiring.ts';

const SETPOINTS = [0.58, 0.6, 0.62];

const counts: Counts = {};
const opc = await client({ name: 'panel', folder: process.argv[2] as string, mode: MessageSecurityMode.Sign, policy: SecurityPolicy.Basic256Sha256 });
let running = true;
let open: ClientSession | undefined;

async function subscribe(on: ClientSession): Promise<void> {
  const subscription = await on.createSubscription2({
    requestedPublishingInterval: 1000,
    requestedLifetimeCount: 60,
    requestedMaxKeepAliveCount: 10,
    publishingEnabled: true,
  });
  const parameters = { samplingInterval: 1000, discardOldest: true, queueSize: 1 };
  for (const name of ['Tank.Level', 'Valve.Position'])
    await subscription.monitor({ nodeId: `ns=1;s=${name}`, attributeId: AttributeIds.Value }, parameters, TimestampsToReturn.Source);
}

async function operate(on: ClientSession): Promise<void> {
  for (let turn = 0; running; turn++) {
    await sleep(4000 + Math.random() * 500);
    const value = { dataType: DataType.Double, value: SETPOINTS[turn % 3] as number };
    count(counts, 'Write');
    const status = await on.write({ nodeId: 'ns=1;s=Dosing.Setpoint', attributeId: AttributeIds.Value, value: { value } });
    if (status !== StatusCodes.Good) throw new Error(`the panel may not write: ${status}`);
    await sleep(4000 + Math.random() * 500);
    count(counts, 'Call');
    await on.call({ objectId: 'ns=1;s=Plant', methodId: 'ns=1;s=Plant.Acknowledge', inputArguments: [{ dataType: DataType.UInt32, value: 1 + (turn % 4) }] });
  }
}

async function work(): Promise<void> {
  open = await session(opc, { type: UserTokenType.UserName, userName: 'operator', password: 'water' });
  await subscribe(open);
  await operate(open);
}

plug({
  start: () => void work(),
  stop: async () => {
    running = false;
    await open?.close(true);
    await opc.disconnect();
  },
  operations: () => counts,
});
