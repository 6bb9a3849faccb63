/** Stillwatch as a process, and somebody logged in to its console. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePort } from './elasticsearch/node.ts';

const LAUNCHER = fileURLToPath(new URL('../stillwatch.js', import.meta.url));
/** ms for what people expect within seconds. */
const PATIENCE = 60_000;

export async function until<T>(
  what: string,
  look: () => Promise<T | null | undefined | false> | T | null | undefined | false,
  patience = PATIENCE,
): Promise<T> {
  for (const since = performance.now(); performance.now() - since < patience; await sleep(200)) {
    const found = await look();
    if (found) return found;
  }
  throw new Error(`${what}: not within ${patience} ms`);
}

/** A process of ours with a console, and somebody logged in there. */
export class Served {
  readonly state: string;
  url = '';
  private readonly args: string[];
  private readonly env: { [name: string]: string };
  private child: ChildProcess | null = null;
  private ended: Promise<unknown> = Promise.resolve();
  private said = '';
  private cookies = new Map<string, string>();

  constructor(state: string, env: { [name: string]: string }, args: string[]) {
    this.state = state;
    this.env = { ...env, STILLWATCH_STATE: state };
    this.args = args;
  }

  async start(): Promise<void> {
    const port = await freePort();
    this.said = '';
    const child = spawn(process.execPath, [LAUNCHER, ...this.args], {
      env: { ...process.env, ...this.env, STILLWATCH_LISTEN: `127.0.0.1:${port}` },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    child.stderr.on('data', (bytes: Buffer) => {
      this.said += bytes.toString();
    });
    this.child = child;
    this.ended = once(child, 'exit');
    this.url = `http://127.0.0.1:${port}`;
    await until('the console', () => /password: +\S+/.test(this.said));
    this.cookies.clear();
    await this.login('admin', /password: +(\S+)/.exec(this.said)?.[1] as string);
  }

  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    const { child } = this;
    this.child = null;
    if (child === null) return;
    child.kill(signal);
    await this.ended;
  }

  async login(name: string, password: string): Promise<void> {
    await this.post('/login', { name, password, next: '' });
    assert.ok(this.cookies.has('stillwatch'), 'logged in');
  }

  private async ask(path: string, init: RequestInit): Promise<Response> {
    const cookie = [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const answer = await fetch(this.url + path, { ...init, redirect: 'manual', headers: { ...init.headers, cookie } });
    for (const line of answer.headers.getSetCookie()) {
      const [name, value] = (line.split(';')[0] as string).split('=') as [string, string];
      this.cookies.set(name, value);
    }
    return answer;
  }

  async get(path: string): Promise<string> {
    return (await this.ask(path, {})).text();
  }

  async post(path: string, fields: { [name: string]: string }): Promise<number> {
    return (await this.ask(path, { method: 'POST', body: new URLSearchParams(fields) })).status;
  }

  /** Sends the form of a page whose `kind` is this, with what it carries. */
  async decide(page: string, kind: string, more: { [name: string]: string } = {}): Promise<number> {
    const html = await this.get(page);
    const form = html.split('<form').find((part) => part.includes(`name="kind" value="${kind}"`));
    assert.ok(form, `a form to ${kind}`);
    const carried = Object.fromEntries([...form.matchAll(/name="(\w+)" value="([^"]*)"/g)].map(([, name, value]) => [name as string, value as string]));
    return this.post(/action="([^"]+)"/.exec(form)?.[1] as string, { ...carried, ...more });
  }
}
