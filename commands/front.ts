/** The console's door: accounts, the port, and the lines that say where it is. */
import { randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { getRequestListener } from '@hono/node-server';
import { InputError } from '../sensor/capture/source.ts';
import { type Accounts, openAccounts } from '../ui/accounts.ts';
import { say } from './command.ts';

type App = { fetch: Parameters<typeof getRequestListener>[0] };

export class Front {
  readonly accounts: Accounts;
  readonly setupToken = randomBytes(16).toString('hex');
  private readonly kept: boolean;
  private server: Server | null = null;

  /** Without a configuration (`kept` false) somebody is trying things out: the accounts live as long as the process. */
  constructor(state: string, kept: boolean) {
    this.kept = kept;
    this.accounts = accountsIn(kept ? join(state, 'accounts.db') : ':memory:');
  }

  /** Serves, and says where. Throws an InputError when it cannot listen there. */
  async open(app: App, listenOn: string): Promise<void> {
    this.server = createServer(getRequestListener(app.fetch));
    const address = await listen(this.server, listenOn);
    await welcome(this.accounts, address, this.kept, this.setupToken);
  }

  async close(): Promise<void> {
    const { server } = this;
    server?.closeAllConnections();
    if (server !== null) await new Promise((resolve) => server.close(resolve));
  }
}

function accountsIn(path: string): Accounts {
  try {
    return openAccounts(path);
  } catch (error) {
    throw new InputError(
      `${path}: the accounts cannot be read (${(error as Error).message}); bring the file back from a copy, or delete it and set the console up again`,
    );
  }
}

/** Resolves with the address to open once the server listens. */
function listen(server: ReturnType<typeof createServer>, address: string): Promise<string> {
  const colon = address.lastIndexOf(':');
  const host = address.slice(0, colon).replace(/^\[|\]$/g, '');
  const port = Number(address.slice(colon + 1));
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const why = error.code === 'EADDRINUSE' ? 'the port is in use' : error.code === 'EACCES' ? 'ports below 1024 need a privilege' : error.code;
      reject(new InputError(`the console cannot listen on ${address}: ${why}; set STILLWATCH_LISTEN to another host:port`));
    });
    server.listen(port, host, () => {
      const bound = server.address();
      const actual = bound !== null && typeof bound === 'object' ? bound.port : port;
      resolve(`http://${host.includes(':') ? `[${host}]` : host}:${actual}/`);
    });
  });
}

/** Where the console is, and how to get in: an account of one's own, its making, or one for this run. */
async function welcome(accounts: Accounts, address: string, kept: boolean, setupToken: string): Promise<void> {
  if (kept) {
    say(`console:   ${address}`);
    if (accounts.count() === 0) say(`set-up:    ${address}setup?token=${setupToken}   (make the first administrator here)`);
    return;
  }
  const password = randomBytes(9).toString('base64url');
  await accounts.create('admin', password, 'administrator', { temporary: true });
  say(`console:   ${address}`);
  say(`user:      admin`);
  say(`password:  ${password}   (for this run only)`);
}
