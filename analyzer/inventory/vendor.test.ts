import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { vendorOf } from './vendor.ts';

it('names the makers of what stands in plants', () => {
  const wanted = {
    '00:1b:1b:00:00:01': 'Siemens',
    '00:80:f4:12:34:56': 'Telemecanique Electrique',
    '00:00:54:00:00:01': 'Schneider Electric',
    '00:00:bc:3e:eb:e4': 'Rockwell Automation',
    '00:01:05:00:00:01': 'Beckhoff Automation',
    '00:a0:45:00:00:01': 'Phoenix Contact',
    '00-0C-29-00-00-01': 'VMware',
    'b8:27:eb:00:00:01': 'Raspberry Pi Foundation',
  };
  for (const [mac, name] of Object.entries(wanted)) assert.equal(vendorOf(mac), name);
});

it('prefers the smaller block', () => {
  const lines = readFileSync(new URL('./oui.generated.txt', import.meta.url), 'utf8').split('\n');
  const [name, , medium, small] = lines.map((line) => line.split('\t')).find((columns) => columns[3] !== undefined && columns[2] !== '') as [
    string,
    string,
    string,
    string,
  ];
  for (const prefix of [medium.slice(0, 7), small.slice(0, 9)]) assert.equal(vendorOf(prefix.padEnd(12, '0').replace(/(..)(?=.)/g, '$1:')), name);
});

it('says nothing of local, group, unknown and broken addresses', () => {
  for (const mac of ['02:1b:1b:00:00:01', '52:54:00:00:00:01', '01:80:c2:00:00:0e', 'ff:ff:ff:ff:ff:ff', '', '10.0.0.1', '00:1b:1b'])
    assert.equal(vendorOf(mac), '');
});
