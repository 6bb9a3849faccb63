/** The historian: reads the plant's tags every second over an OPC UA channel without security, anonymously, as found in many plants. */
import { AttributeIds, type ClientSession, MessageSecurityMode, SecurityPolicy, UserTokenType } from 'node-opcua';
import { client, session } from './opcua-client.ts';
import { type Counts, count, plug, sleep } from './wiring.ts';

const nodes = (...names: string[]) => names.map((name) => ({ nodeId: `ns=1;s=${name}`, attributeId: AttributeIds.Value }));
const FAST = nodes('Tank.Level', 'Tank.Inflow', 'Tank.Outflow', 'Pump.Speed', 'Pump.Running');
const SLOW = nodes('Tank.Temperature', 'Tank.Setpoint', 'Pump.Pressure', 'Pump.Power', 'Pump.Energy', 'Valve.Position', 'Dosing.Chlorine', 'Dosing.Setpoint');

const counts: Counts = {};
const opc = await client({ name: 'historian', folder: process.argv[2] as string, mode: MessageSecurityMode.None, policy: SecurityPolicy.None });
let running = true;
let open: ClientSession | undefined;

async function collect(): Promise<void> {
  open = await session(opc, { type: UserTokenType.Anonymous });
  let next = Date.now();
  for (let second = 0; running; second++) {
    await read(FAST);
    if (second % 5 === 2) await read(SLOW);
    next = Math.max(next + 1000, Date.now());
    await sleep(next - Date.now());
  }
}

/** A connection that breaks is the client library's to mend; what could not be read is not read again. */
async function read(what: typeof FAST): Promise<void> {
  count(counts, 'Read');
  await Promise.race([open?.read(what), sleep(3000)]).catch(() => undefined);
}

plug({
  start: () => void collect(),
  stop: async () => {
    running = false;
    await sleep(1000);
    await open?.close();
    await opc.disconnect();
  },
  operations: () => counts,
});
