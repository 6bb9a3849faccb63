/**
 * Makes analyzer/inventory/oui.generated.txt from the package `oui-data` (the IEEE's public registry as JSON):
 * `npm pack oui-data`, unpack, `node test/oui.ts FOLDER/package YYYY-MM-DD`.
 */
import { readFileSync, writeFileSync } from 'node:fs';

const [folder = '', day = ''] = process.argv.slice(2);
const { version, license } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8')) as { version: string; license: string };
const registry = JSON.parse(readFileSync(`${folder}/index.json`, 'utf8')) as { [prefix: string]: string };

/** Not makers: blocks of other sizes, and owners who keep their name to themselves. */
const NOBODY = /^(private|ieee registration authority)$/i;
const LEGAL =
  /[\s,.]+(co|company|corp|corporation|inc|incorporated|ltd|limited|llc|gmbh|ag|kg|kgaa|ohg|se|s\.?a|s\.?a\.?s|s\.?r\.?l|s\.?p\.?a|b\.?v|n\.?v|a\/s|aps|ab|oy|oyj|as|plc|pty|pte|pvt|bhd|sdn|k\.?k|gmbh & co|intl|international)\.?$/i;

/** The name people use: without its legal form, and not shouted. */
function plain(name: string): string {
  let text = name.replaceAll(/\s+/g, ' ').trim();
  for (
    let shorter = text.replace(LEGAL, '').replace(/[\s,.(&]+$/, '');
    shorter !== text && shorter !== '';
    shorter = text.replace(LEGAL, '').replace(/[\s,.(&]+$/, '')
  )
    text = shorter;
  return text.replaceAll(/\b[A-Z]{5,}\b/g, (word) => word[0] + word.slice(1).toLowerCase());
}

const byName = new Map<string, string[]>();
for (const [prefix, owner] of Object.entries(registry)) {
  const first = owner.split('\n')[0] ?? '';
  if (!/^[0-9A-F]{6,9}$/.test(prefix) || NOBODY.test(first.trim())) continue;
  const name = plain(first);
  byName.set(name, [...(byName.get(name) ?? []), prefix]);
}

const digits = (prefixes: string[], n: number): string =>
  prefixes
    .filter((prefix) => prefix.length === n)
    .toSorted()
    .join('');
const line = (name: string, prefixes: string[]): string => [name, ...[6, 7, 9].map((n) => digits(prefixes, n))].join('\t').trimEnd();
const lines = [...byName].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([name, prefixes]) => line(name, prefixes));
const head = [
  '# Makers of network cards by how a MAC address begins, one a line: name, prefixes of 6 digits (MA-L), of 7 (MA-M), of 9 (MA-S); tabs between.',
  `# From the IEEE's public registry by way of oui-data ${version} (${license}, Copyright silverwind), ${day}. Made by test/oui.ts.`,
];
writeFileSync(new URL('../analyzer/inventory/oui.generated.txt', import.meta.url), `${[...head, ...lines].join('\n')}\n`);
