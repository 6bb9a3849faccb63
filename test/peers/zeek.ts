/** What Zeek wrote down: its tab separated logs, and its Modbus events as text. */
import { readFileSync } from 'node:fs';

export type Row = { [column: string]: string };

/** Rows of a log. `-` is unset; `columns` for a log whose header its authors cut off. */
export function zeekLog(path: string, columns?: readonly string[]): Row[] {
  const lines = readFileSync(path, 'utf8').split('\n');
  const header = lines
    .find((line) => line.startsWith('#fields\t'))
    ?.split('\t')
    .slice(1);
  const names = header ?? columns;
  if (names === undefined) throw new Error(`${path} has no #fields`);
  return lines.filter((line) => line !== '' && !line.startsWith('#')).map((line) => Object.fromEntries(line.split('\t').map((value, i) => [names[i], value])));
}

/** One event: its name, connection, header, and arguments as Zeek prints them. */
export type Event = { name: string; client: string; server: string; transaction: string; unit: string; code: string; rest: string };

const EVENT =
  /^\d+ (modbus_\w+), \[orig_h=([^,]+), orig_p=(\d+)\/tcp, resp_h=([^,]+), resp_p=(\d+)\/tcp[^\]]*\]\], \[tid=(\w+), pid=0, uid=(\d+), function_code=(\w+), len=\d+\](?:, (.*))?$/;

/** Events of a file of `uniq -c` lines. */
export function zeekEvents(path: string): Event[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const m = EVENT.exec(line.trim());
      if (m === null) throw new Error(`${path}: ${line}`);
      const [, name, client, clientPort, server, serverPort, transaction, unit, code, rest] = m as unknown as string[];
      return { name, client: `${client}:${clientPort}`, server: `${server}:${serverPort}`, transaction, unit, code, rest: rest ?? '' } as Event;
    });
}
