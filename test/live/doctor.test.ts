/** stillwatch doctor on an interface of the test's own: what it finds, and that its fixes mend it. */
import assert from 'node:assert/strict';
import { execSync, spawnSync } from 'node:child_process';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { missing } from '../shared.ts';
import { Wire } from './wire.ts';

const LAUNCHER = fileURLToPath(new URL('../../stillwatch.js', import.meta.url));

type Check = { name: string; state: string; says: string; fix?: string };

function doctor(...args: string[]): { checks: Check[]; status: number | null } {
  const { stdout, status } = spawnSync(process.execPath, [LAUNCHER, 'doctor', '--json', ...args], { encoding: 'utf8', timeout: 20_000 });
  return { checks: JSON.parse(stdout) as Check[], status };
}

describe('doctor', { skip: missing('live') }, () => {
  let wire: Wire;
  before(() => {
    wire = new Wire();
  });
  after(() => wire.remove());
  const about = (checks: Check[]): Check[] => checks.filter(({ name }) => name === `interface ${wire.name}`);

  it('all drivers, the privilege and the confinement are there', () => {
    const { checks, status } = doctor('--interface', wire.name);
    const stateOf = (name: string): string | undefined => checks.find((check) => check.name === name)?.state;
    for (const name of ['driver ring', 'driver pcap', 'driver cap', 'privilege', 'confinement']) assert.equal(stateOf(name), 'ok', name);
    assert.equal(status, 0);
  });

  it('what keeps an interface from being passive, and after its fixes nothing does', () => {
    execSync(`sysctl -q -w net.ipv6.conf.${wire.name}.disable_ipv6=0 && ip address add 192.0.2.7/24 dev ${wire.name}`);
    const found = about(doctor('--interface', wire.name).checks).filter(({ state }) => state === 'warn');
    assert.deepEqual(
      found.map(({ says }) => says.replace(/\(192.*\)/, '(...)')),
      ['has addresses (...) and answers to them', 'speaks IPv6 by itself (neighbour discovery)', 'answers ARP'],
    );
    for (const { fix } of found) execSync(fix as string);
    assert.deepEqual(
      about(doctor('--interface', wire.name).checks).map(({ state }) => state),
      ['ok'],
    );
  });

  it('an interface that is down, or is not there, keeps it from capturing', () => {
    wire.down();
    const down = doctor('--interface', wire.name);
    assert.deepEqual([down.status, about(down.checks)[0]?.state, about(down.checks)[0]?.fix], [1, 'fail', `ip link set ${wire.name} up`]);
    wire.up();
    const gone = doctor('--interface', 'nope0');
    assert.equal(gone.status, 1);
    assert.match(gone.checks.find(({ name }) => name === 'interface nope0')?.fix ?? '', /^interfaces here: /);
  });
});
