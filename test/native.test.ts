/** Optional native packages: absent is fine, one that was built must load in the Node that runs the product. */
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { describe, it } from 'node:test';
import { exists } from './tree.ts';

const require = createRequire(import.meta.url);

describe('native packages load in this Node', () => {
  for (const name of ['pcap', 'cap']) {
    it(name, (t) => {
      if (!exists(`node_modules/${name}/package.json`)) {
        if (process.env['STILLWATCH_REQUIRE_ALL'] === '1') throw new Error(`${name} was not built; install the headers of libpcap and run npm ci`);
        return t.skip(`${name} was not built here: the headers of libpcap are missing`);
      }
      assert.ok(require(name));
    });
  }

  it('they are allowed to build, and their failing fails nothing else', () => {
    const { optionalDependencies, allowScripts } = require('../package.json');
    for (const name of ['pcap', 'cap']) assert.ok(name in optionalDependencies && allowScripts[name] === true, name);
  });
});
