/** A node-opcua server on loopback: `opcua-server.ts FOLDER` keeps its certificates in FOLDER, prints its port, ends with its input. */
import { join } from 'node:path';
import {
  DataType,
  type ISessionContext,
  MessageSecurityMode,
  OPCUACertificateManager,
  OPCUAServer,
  SecurityPolicy,
  StatusCodes,
  Variant,
  VariantArrayType,
  type VariantLike,
} from 'node-opcua';
import { ARRAYS, MATRIX, SCALARS } from './opcua-variables.ts';

const folder = process.argv[2] as string;

const certificates = async (name: string): Promise<OPCUACertificateManager> => {
  const manager = new OPCUACertificateManager({ rootFolder: join(folder, name), automaticallyAcceptUnknownCertificate: true });
  await manager.initialize();
  return manager;
};

async function start(): Promise<OPCUAServer> {
  const server = new OPCUAServer({
    port: 0,
    hostname: '127.0.0.1',
    serverCertificateManager: await certificates('server'),
    userCertificateManager: await certificates('users'),
    serverInfo: { applicationUri: 'urn:test:server' },
    securityPolicies: [SecurityPolicy.None, SecurityPolicy.Basic256Sha256],
    securityModes: [MessageSecurityMode.None, MessageSecurityMode.Sign, MessageSecurityMode.SignAndEncrypt],
    allowAnonymous: true,
    userManager: { isValidUser: (name: string, password: string) => name === 'operator' && password === 'water' },
  });
  await server.initialize();
  return server;
}

/** A variable of every type, alone, in an array and, one of them, in a matrix; and a method that adds. */
function populate(server: OPCUAServer): void {
  const space = server.engine.addressSpace!;
  const own = space.getOwnNamespace();
  const plant = own.addObject({ organizedBy: space.rootFolder.objects, browseName: 'Plant', nodeId: 's=Plant' });
  const add = (name: string, dataType: DataType, value: VariantLike, valueRank: number) =>
    own.addVariable({ componentOf: plant, browseName: name, nodeId: `s=${name}`, dataType, valueRank, value });
  for (const [type, value] of SCALARS) add(DataType[type], type, { dataType: type, arrayType: VariantArrayType.Scalar, value }, -1);
  for (const [type, value] of ARRAYS) add(`${DataType[type]}s`, type, { dataType: type, arrayType: VariantArrayType.Array, value }, 1);
  const matrix = { dataType: DataType.Double, arrayType: VariantArrayType.Matrix, dimensions: [2, 3], value: MATRIX };
  own.addVariable({ componentOf: plant, browseName: 'Matrix', nodeId: 's=Matrix', dataType: 'Double', valueRank: 2, arrayDimensions: [2, 3], value: matrix });
  const past = own.addVariable({ componentOf: plant, browseName: 'Past', nodeId: 's=Past', dataType: 'Double', value: { dataType: 'Double', value: 1 } });
  space.installHistoricalDataNode(past);
  for (const value of [2, 3, 4]) past.setValueFromSource({ dataType: DataType.Double, value });
  const method = own.addMethod(plant, {
    browseName: 'Add',
    nodeId: 's=Add',
    inputArguments: ['a', 'b'].map((name) => ({ name, dataType: DataType.Int32, description: name })),
    outputArguments: [{ name: 'sum', dataType: DataType.Int32, description: 'sum' }],
  });
  method.bindMethod(async ([a, b]: Variant[], _context: ISessionContext) => ({
    statusCode: StatusCodes.Good,
    outputArguments: [new Variant({ dataType: DataType.Int32, value: (a as Variant).value + (b as Variant).value })],
  }));
}

const server = await start();
populate(server);
await server.start();
process.stdin.on('end', () => void server.shutdown(0).then(() => process.exit(0))).resume();
console.log(JSON.stringify({ port: server.endpoints[0]?.port, url: server.getEndpointUrl() }));
