#!/usr/bin/env node
// The launcher: plain JavaScript that any Node since 16 can start. Stillwatch itself is TypeScript run directly, which needs
// Node 24; an older one re-executes with the Node that `npm ci` put beside us.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire, default as module } from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const NEEDED = 24;
const here = fileURLToPath(import.meta.url);
const FORWARDED = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT', 'SIGUSR2'];
// What these two warn of is pinned by version and covered by our own tests; every other warning stays.
const QUIET = /^(SQLite|Type Stripping) is an experimental feature/;

/** The Node that the optional dependency node-PLATFORM-ARCH installed, or null. */
function pinnedNode() {
  const name = `node-${process.platform}-${process.arch}`;
  try {
    const found = join(dirname(createRequire(here).resolve(`${name}/package.json`)), 'bin', 'node');
    if (existsSync(found)) return found;
  } catch {}
  const linked = join(dirname(here), 'node_modules', '.bin', 'node');
  return existsSync(linked) ? linked : null;
}

function refuse(why) {
  console.error(`stillwatch: needs Node.js ${NEEDED} or newer and this is ${process.version}; ${why}`);
  process.exit(2);
}

function reexecute() {
  const node = pinnedNode();
  if (node === null || process.env.STILLWATCH_HANDED_OVER) refuse(`install Node.js ${NEEDED}, or run \`npm ci\` here, which brings one on Linux (x64, arm64)`);
  const env = { ...process.env, STILLWATCH_HANDED_OVER: '1' };
  const child = spawn(node, [...process.execArgv, here, ...process.argv.slice(2)], { env, stdio: 'inherit' });
  // A terminal sends SIGINT to both of us: forwarding it as well would count as pressing Ctrl-C twice.
  const both = process.stdin.isTTY;
  for (const signal of FORWARDED) process.on(signal, () => (signal === 'SIGINT' && both ? undefined : child.kill(signal)));
  child.on('error', (error) => refuse(`the one in ${node} does not start (${error.message}): install Node.js ${NEEDED}`));
  child.on('exit', (code, signal) => finish(code, signal));
}

/** Ends as the child ended: by the same signal, or with the same code. */
function finish(code, signal) {
  if (signal === null) process.exit(code);
  for (const name of FORWARDED) process.removeAllListeners(name);
  process.exitCode = 128 + (constants.signals[signal] ?? 0);
  process.kill(process.pid, signal);
}

function quieten() {
  const emit = process.emitWarning;
  process.emitWarning = (warning, ...rest) => {
    if (!QUIET.test(String(warning))) emit.call(process, warning, ...rest);
  };
}

if (Number.parseInt(process.versions.node, 10) < NEEDED) {
  reexecute();
} else {
  delete process.env.STILLWATCH_HANDED_OVER;
  quieten();
  module.enableCompileCache();
  await import('./main.ts');
}
