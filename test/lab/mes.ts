/** Production planning: an encrypted OPC UA channel (Basic256Sha256, SignAndEncrypt) with a user name. A listener sees that it talks, not what. */
import { AttributeIds, type ClientSession, MessageSecurityMode, SecurityPolicy, UserTokenType } from 'node-opcua';
import { client, session } from './opcua-client.ts';
import { type Counts, count, plug, sleep } from './wiring.ts';

const NODES = ['Tank.Level', 'Tank.Outflow', 'Pump.Energy', 'Dosing.Chlorine'].map((name) => ({ nodeId: `ns=1;s=${name}`, attributeId: AttributeIds.Value }));

const counts: Counts = {};
const opc = await client({ name: 'mes', folder: process.argv[2] as string, mode: MessageSecurityMode.SignAndEncrypt, policy: SecurityPolicy.Basic256Sha256 });
let running = true;
let open: ClientSession | undefined;

async function plan(): Promise<void> {
  open = await session(opc, { type: UserTokenType.UserName, userName: 'mes', password: 'plan-the-day' });
  let next = Date.now();
  while (running) {
    count(counts, 'Read');
    await open.read(NODES);
    next += 2000;
    await sleep(next - Date.now());
  }
}

plug({
  start: () => void plan(),
  stop: async () => {
    running = false;
    await sleep(2000);
    await open?.close();
    await opc.disconnect();
  },
  operations: () => counts,
});
