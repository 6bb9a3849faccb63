/**
 * DRIVER INTERFACE FILTER: captures, and prints a line of JSON a frame, then the report. Ends when standard input does. A process of its own, as the sensor is: the
 * packages `pcap` and `cap` keep the event loop alive after they are closed, and now and then crash while a process unloads them.
 */
import { openCap } from '../../sensor/capture/cap.ts';
import { openPcap } from '../../sensor/capture/pcap.ts';
import { InputError } from '../../sensor/capture/source.ts';

const [driver = '', name = '', filter = ''] = process.argv.slice(2);
const say = (what: unknown): void => void process.stdout.write(`${JSON.stringify(what)}\n`);

try {
  const source = driver === 'cap' ? await openCap(name, filter) : await openPcap(name, filter);
  process.stdin.on('end', () => source.stop()).resume();
  say({ ready: true });
  const report = await source.frames(({ count, offset, captured, at, length, linktype, view }) => {
    for (let i = 0; i < count; i++) {
      const hex = Buffer.from(view.buffer, view.byteOffset + (offset[i] as number), captured[i] as number).toString('hex');
      say({ hex, at: at[i], length: length[i], linktype: linktype[i] });
    }
  });
  say({ report });
} catch (error) {
  say({ failed: error instanceof InputError ? error.message : String(error) });
}
process.stdout.write('', () => process.kill(process.pid, 'SIGKILL'));
