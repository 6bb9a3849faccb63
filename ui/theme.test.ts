/** Contrast of every pair of colours that carries text (WCAG 2.2, 1.4.3: at least 4.5:1), in both themes. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { ago } from './time.ts';

const css = readFileSync(new URL('./public/theme.css', import.meta.url), 'utf8');
const [lightPart, darkPart] = css.split('@media (prefers-color-scheme: dark)') as [string, string];
const colours = (part: string) =>
  Object.fromEntries([...part.matchAll(/--([\w-]+): (#[0-9a-f]{6});/g)].map((match) => [match[1], match[2]])) as { [name: string]: string };
const light = colours(lightPart);
const themes = { light, dark: { ...light, ...colours(darkPart) } };

function luminance(hex: string): number {
  const [r, g, b] = [1, 3, 5].map((i) => Number.parseInt(hex.slice(i, i + 2), 16) / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
  return 0.2126 * (r as number) + 0.7152 * (g as number) + 0.0722 * (b as number);
}

function contrast(a: string, b: string): number {
  const [high, low] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
  return (high + 0.05) / (low + 0.05);
}

const GROUNDS = ['ground', 'surface', 'raised', 'hover', 'accent-ground'];
const LEVELS = ['informational', 'low', 'medium', 'high', 'critical'].map((level) => `level-${level}`);
const PAIRS: [text: string, ground: string][] = [
  ...['text', 'quiet', 'accent', ...LEVELS, 'good', 'warn', 'bad'].flatMap((text) => GROUNDS.map((ground): [string, string] => [text, ground])),
  ['text', 'sunken'],
  ['quiet', 'sunken'],
  ['text', 'selected'],
  ['warn', 'sunken'],
  ['good', 'good-ground'],
  ['warn', 'warn-ground'],
  ['bad', 'bad-ground'],
  ['text', 'warn-ground'],
  ['text', 'bad-ground'],
  ['on-accent', 'accent'],
  ['on-mark', 'mark'],
];

for (const [name, theme] of Object.entries(themes)) {
  test(`text stands out in the ${name} theme`, () => {
    const weak = PAIRS.map(([text, ground]) => ({ text, ground, ratio: contrast(theme[text] ?? '', theme[ground] ?? '') })).filter(
      ({ ratio }) => !(ratio >= 4.5),
    );
    assert.deepEqual(weak, []);
  });

  test(`what is not text but says something stands out in the ${name} theme`, () => {
    const marks = ['focus', 'good', 'accent', 'bar-low', 'bar-high', 'bar-critical'].map((mark) => ({
      mark,
      ratio: contrast(theme[mark] ?? '', theme['surface'] ?? ''),
    }));
    assert.deepEqual(
      marks.filter(({ ratio }) => !(ratio >= 2.5)),
      [],
    );
  });
}

test('the dark theme names every colour anew', () => {
  const same = Object.keys(light).filter((name) => !(name in colours(darkPart)));
  assert.deepEqual(same, []);
});

test('the browser words times as the server does', async () => {
  const times = (await import(new URL('./public/times.js', import.meta.url).href)) as { ago: typeof ago };
  const clock = Date.parse('2026-03-14T12:00:00Z');
  for (const distance of [0, 1999, 2000, 59_999, 60_000, 3_599_999, 3_600_000, 86_400_000, 6e9, 1e11, -5000]) {
    const at = new Date(clock - distance).toISOString();
    assert.equal(times.ago(at, clock), ago(at, clock), at);
  }
});
