/** Stands between client and server on loopback, and does what networks and proxies do. */
import { createServer, request as forward, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';

export class HttpProxy {
  /** ms that each answer is held back; applies to requests that match `delays`. */
  delay = 0;
  delays: RegExp = /./;
  /** What `authorization` must be; '' for anything. */
  authorization = '';
  /** Answers this instead of asking the server, with a `Retry-After`. */
  refuse: { status: number; after: string } | null = null;
  /** What becomes of an answer to a request for this path. */
  rewrite: { path: RegExp; body: (body: string) => string } | null = null;
  requests = 0;
  private readonly target: URL;
  private readonly server: Server;

  /** With a key and certificate it speaks TLS. */
  constructor(target: string, tls?: { key: string; cert: string }) {
    this.target = new URL(target);
    const answer = (req: IncomingMessage, res: ServerResponse): void => void this.answer(req, res);
    this.server = tls === undefined ? createServer(answer) : createTlsServer(tls, answer);
  }

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    return (this.server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async answer(req: IncomingMessage, res: ServerResponse): Promise<void> {
    this.requests++;
    const headers = { 'x-elastic-product': 'Elasticsearch', 'content-type': 'application/json' };
    if (this.authorization !== '' && req.headers.authorization !== this.authorization) {
      req.resume();
      res.writeHead(401, headers).end('{"error":{"type":"security_exception","reason":"unable to authenticate"},"status":401}');
      return;
    }
    if (this.refuse !== null) {
      req.resume();
      res.writeHead(this.refuse.status, { ...headers, 'retry-after': this.refuse.after }).end('{"error":{"type":"busy","reason":"busy"}}');
      return;
    }
    const delay = this.delays.test(req.url ?? '') ? this.delay : 0;
    const { authorization: _own, 'accept-encoding': encoding, ...others } = req.headers;
    const rewrite = this.rewrite?.path.test(req.url ?? '') === true ? this.rewrite.body : null;
    const rest = rewrite === null && encoding !== undefined ? { ...others, 'accept-encoding': encoding } : others;
    const onward = forward({ host: this.target.hostname, port: this.target.port, path: req.url, method: req.method, headers: rest }, async (answer) => {
      if (delay > 0) await sleep(delay);
      if (rewrite !== null) return void res.writeHead(200, headers).end(rewrite(await text(answer)));
      res.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(res);
    });
    onward.on('error', () => res.destroy());
    req.pipe(onward);
  }
}
