/** An OPC UA server that shows the process: `opcua-server.ts FOLDER` keeps its certificates in FOLDER. */
import { join } from 'node:path';
import {
  DataType,
  type ISessionContext,
  MessageSecurityMode,
  OPCUACertificateManager,
  OPCUAServer,
  type OPCUAServerEndPoint,
  SecurityPolicy,
  StatusCodes,
  type UAObject,
  type UAVariable,
  UserTokenType,
  Variant,
} from 'node-opcua';
import { INITIAL, type State } from './process.ts';
import { plug, tell } from './wiring.ts';

/** Users of the simulated plant; the second is the kind of password an attacker guesses. */
const USERS = new Map([
  ['mes', 'plan-the-day'],
  ['operator', 'water'],
]);

const folder = process.argv[2] as string;
const state: State = { level: 54, inflow: 0, outflow: 0, pressure: 0, temperature: 0, chlorine: 0, valve: 50, speed: 0, running: false, power: 0, energy: 0 };

type Standard = Parameters<OPCUAServerEndPoint['addStandardEndpointDescriptions']>[0] & { allowUnsecurePassword?: boolean };

/** Without security this server takes a user's password as it is, as many in the field do; node-opcua offers that only to endpoints made by hand. */
function takePlainPasswords(server: OPCUAServer): void {
  const maker = server as unknown as { createEndpoint(port: number, options: unknown): OPCUAServerEndPoint };
  const create = maker.createEndpoint.bind(server);
  maker.createEndpoint = (port, options) => {
    const endpoint = create(port, options);
    const add = endpoint.addStandardEndpointDescriptions.bind(endpoint);
    endpoint.addStandardEndpointDescriptions = (of?: Standard) => {
      add({ ...of, allowUnsecurePassword: true } as Standard);
      for (const description of endpoint.endpointDescriptions()) if (description.securityMode === MessageSecurityMode.None) keepPlain(description);
    };
    return endpoint;
  };
}

function keepPlain(description: { userIdentityTokens: { tokenType: UserTokenType; securityPolicyUri: string | null }[] | null }): void {
  description.userIdentityTokens = (description.userIdentityTokens ?? []).filter(
    (token) => token.tokenType === UserTokenType.Anonymous || !token.securityPolicyUri,
  );
}

async function server(): Promise<OPCUAServer> {
  const certificates = new OPCUACertificateManager({ rootFolder: join(folder, 'server'), automaticallyAcceptUnknownCertificate: true });
  await certificates.initialize();
  const made = new OPCUAServer({
    port: 4840,
    hostname: '10.20.1.30',
    resourcePath: '/plant',
    serverCertificateManager: certificates,
    serverInfo: { applicationUri: 'urn:waterworks:opcua', productUri: 'urn:waterworks:server' },
    buildInfo: { manufacturerName: 'Waterworks', productName: 'Plant server', softwareVersion: '2.4.1', buildNumber: '118', buildDate: new Date('2026-03-02') },
    securityPolicies: [SecurityPolicy.None, SecurityPolicy.Basic256Sha256],
    securityModes: [MessageSecurityMode.None, MessageSecurityMode.Sign, MessageSecurityMode.SignAndEncrypt],
    allowAnonymous: true,
    userManager: { isValidUser: (name: string, password: string) => USERS.get(name) === password },
  });
  takePlainPasswords(made);
  await made.initialize();
  return made;
}

function tags(of: OPCUAServer): void {
  const space = of.engine.addressSpace!;
  const own = space.getOwnNamespace();
  const plant = own.addObject({ organizedBy: space.rootFolder.objects, browseName: 'Plant', nodeId: 's=Plant' });
  const part = (name: string) => own.addObject({ componentOf: plant, browseName: name, nodeId: `s=${name}` });
  const tank = part('Tank');
  const pump = part('Pump');
  const valve = part('Valve');
  const dosing = part('Dosing');
  const shown = (parent: UAObject, name: string, read: () => number | boolean, dataType = DataType.Double) =>
    own.addVariable({
      componentOf: parent,
      browseName: name,
      nodeId: `s=${parent.browseName.name}.${name}`,
      dataType,
      minimumSamplingInterval: 200,
      value: { get: () => new Variant({ dataType, value: read() }) },
    });
  shown(tank, 'Level', () => state.level);
  shown(tank, 'Temperature', () => state.temperature);
  shown(tank, 'Inflow', () => state.inflow);
  shown(tank, 'Outflow', () => state.outflow);
  shown(pump, 'Speed', () => state.speed);
  shown(pump, 'Pressure', () => state.pressure);
  shown(pump, 'Running', () => state.running, DataType.Boolean);
  shown(pump, 'Power', () => state.power);
  shown(pump, 'Energy', () => Math.round(state.energy), DataType.UInt32);
  shown(valve, 'Position', () => state.valve);
  shown(dosing, 'Chlorine', () => state.chlorine);
  setpoint(
    own.addVariable({ componentOf: tank, browseName: 'Setpoint', nodeId: 's=Tank.Setpoint', dataType: 'Double' }),
    INITIAL.levelSetpoint,
    'levelSetpoint',
  );
  setpoint(
    own.addVariable({ componentOf: dosing, browseName: 'Setpoint', nodeId: 's=Dosing.Setpoint', dataType: 'Double' }),
    INITIAL.chlorineSetpoint,
    'chlorineSetpoint',
  );
  const acknowledge = own.addMethod(plant, {
    browseName: 'Acknowledge',
    nodeId: 's=Plant.Acknowledge',
    inputArguments: [{ name: 'alarm', dataType: DataType.UInt32, description: 'number of the alarm' }],
    outputArguments: [{ name: 'open', dataType: DataType.UInt32, description: 'alarms still open' }],
  });
  acknowledge.bindMethod(async (_inputs: Variant[], _context: ISessionContext) => ({
    statusCode: StatusCodes.Good,
    outputArguments: [new Variant({ dataType: DataType.UInt32, value: 0 })],
  }));
  const stop = own.addMethod(plant, { browseName: 'StopPump', nodeId: 's=Plant.StopPump', inputArguments: [], outputArguments: [] });
  stop.bindMethod(async (_inputs: Variant[], _context: ISessionContext) => {
    tell({ actuators: { pumpEnabled: false } });
    return { statusCode: StatusCodes.Good, outputArguments: [] };
  });
}

function setpoint(variable: UAVariable, first: number, actuator: 'levelSetpoint' | 'chlorineSetpoint'): void {
  let value = first;
  variable.bindVariable({
    get: () => new Variant({ dataType: DataType.Double, value }),
    set: (variant: Variant) => {
      value = variant.value;
      tell({ actuators: { [actuator]: value } });
      return StatusCodes.Good;
    },
  });
}

const running = await server();
tags(running);
await running.start();
plug({ state: (now) => Object.assign(state, now), stop: () => running.shutdown(0) });
