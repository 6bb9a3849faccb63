import type { Kept } from './store.ts';

export type Stream = 'observations' | 'flows';

/** Flows, and summaries of what comes again and again, are kept apart: there are most of them, and they are worth least. */
export const streamOf = ({ kind, json }: Pick<Kept, 'kind' | 'json'>): Stream => (kind === 'flow' || 'summary' in json ? 'flows' : 'observations');
