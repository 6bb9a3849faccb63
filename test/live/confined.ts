/**
 * INTERFACE: opens a ring, is confined as the sensor is, tries what it may no longer do, and prints as JSON what came of each: the error's code, or `done`.
 */
import { spawnSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { closeSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { createServer } from 'node:net';
import { usable } from '../../sensor/capture/interfaces.ts';
import { linux } from '../../sensor/capture/linux.ts';
import { openRing, Ring } from '../../sensor/capture/ring.ts';
import { confine } from '../../sensor/process/confine.ts';

const [name = '', folder = ''] = process.argv.slice(2);
const calls = await linux();
const opened = openRing(calls, usable(name), { filter: 'all', mib: 4, fanout: null });
const ring = new Ring(calls, opened);
const frame = Buffer.alloc(60, 0xff);
/** Numbers of x86-64; the last one is `socket` by the x32 convention. */
const DUP = 32;
const FCNTL = 72;
const SPLICE = 275;
const X32_SOCKET = 0x4000_0029;
const file = openSync(`${folder}/before`, 'w+');
confine(calls, [opened.fd]);

type Attempt = () => unknown;
const failed = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? String(error);
const tried = (attempt: Attempt): string => {
  try {
    attempt();
    return 'done';
  } catch (error) {
    return failed(error);
  }
};
const listening = (): Promise<string> =>
  new Promise((resolve) => {
    createServer()
      .on('error', (error) => resolve(failed(error)))
      .listen(0, '127.0.0.1', () => resolve('done'));
  });
const sending = (): Promise<string> =>
  new Promise((resolve) => {
    try {
      createSocket('udp4')
        .on('error', (error) => resolve(failed(error)))
        .send('x', 9, '127.0.0.1', (error) => resolve(error === null ? 'done' : failed(error)));
    } catch (error) {
      resolve(failed(error));
    }
  });

const attempts: { [what: string]: Attempt } = {
  'write to the ring': () => writeSync(opened.fd, frame),
  'copy the ring (dup)': () => calls.syscall(DUP, opened.fd, 0, 0),
  'copy the ring (fcntl)': () => calls.syscall(FCNTL, opened.fd, 0, 0),
  'splice into the ring': () => calls.syscall(SPLICE, file, 0, opened.fd),
  'open a packet socket': () => calls.socket(17, 3, 0),
  'open a socket by the other convention': () => calls.syscall(X32_SOCKET, 2, 1, 0),
  'write a file': () => writeFileSync(`${folder}/new`, 'x'),
  'make a folder': () => mkdirSync(`${folder}/folder`),
  'rename a file': () => renameSync(`${folder}/before`, `${folder}/after`),
  'remove a file': () => rmSync(`${folder}/before`),
  'start a program': () => {
    const { error } = spawnSync('/bin/true');
    if (error !== undefined) throw error;
  },
};
const may: { [what: string]: Attempt } = {
  'read a file': () => readFileSync('/proc/self/status'),
  'write to what it had open': () => writeSync(file, 'x'),
  'ask the ring for its counters': () => calls.getOption(opened.fd, 263, 6, Buffer.alloc(12)),
};
const outcomes = (of: { [what: string]: Attempt }): { [what: string]: string } =>
  Object.fromEntries(Object.entries(of).map(([what, attempt]) => [what, tried(attempt)]));
const refused = { ...outcomes(attempts), 'listen on a port': await listening(), 'send a datagram': await sending() };
process.stdout.write(JSON.stringify({ refused, may: outcomes(may) }));
ring.stop();
closeSync(file);
process.exit(0);
