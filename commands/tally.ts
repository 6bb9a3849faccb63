/** How much was moved between stores, while it goes on and at the end. */
import type { Counts } from '../analyzer/store/move.ts';
import { ENTRY_KINDS, type EntryKind } from '../analyzer/store/store.ts';
import { StatusLine } from './statusline.ts';

const WORDS: { [kind in EntryKind]: [one: string, many: string] } = {
  audit: ['audit line', 'audit lines'],
  decision: ['decision', 'decisions'],
  tagList: ['tag list', 'tag lists'],
  asset: ['device', 'devices'],
  fact: ['fact', 'facts'],
  finding: ['finding', 'findings'],
  conversation: ['conversation', 'conversations'],
  registers: ['register table', 'register tables'],
  observation: ['observation', 'observations'],
  health: ['measurement', 'measurements'],
};

/** `12 findings, 1 device`; `nothing`. */
function summary(counts: Counts): string {
  const parts = ENTRY_KINDS.flatMap((kind) => {
    const n = counts[kind] ?? 0;
    return n === 0 ? [] : [`${n.toLocaleString('en')} ${WORDS[kind][n === 1 ? 0 : 1]}`];
  });
  return parts.join(', ') || 'nothing';
}

export class Tally {
  private readonly line = new StatusLine();
  private readonly verb: string;
  private counts: Counts = {};

  constructor(verb: string) {
    this.verb = verb;
  }

  readonly show = (counts: Counts): void => {
    this.counts = counts;
    this.line.show((seconds) => {
      const all = Object.values(counts).reduce((sum, n) => sum + n, 0);
      return `${this.text()} (${Math.round(all / seconds).toLocaleString('en')}/s)`;
    });
  };

  clear(): void {
    this.line.clear();
  }

  /** `imported 12 findings, 1 device`. */
  text(): string {
    return `${this.verb} ${summary(this.counts)}`;
  }
}
