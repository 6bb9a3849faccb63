/** What is open at each site. */
import { type Level, OPEN } from '../../finding.ts';
import { standing } from './findings.ts';
import { type Scope, search, within } from './scope.ts';

const MAX_SITES = 5000;

type Buckets = { buckets: { key: string; doc_count: number; levels: { buckets: { key: string; doc_count: number }[] } }[] };

/** Open findings by site and level at a time (RFC 3339), without those suppressed; a site without one is not in it. */
export async function openBySite(scope: Scope, at: string): Promise<Map<string, Map<Level, number>>> {
  const open = standing(at, OPEN);
  const levels = { terms: { field: 'stillwatch.level' } };
  const aggs = { sites: { terms: { field: 'stillwatch.site', size: MAX_SITES }, aggs: { levels } } };
  const { aggregations } = await search(scope, ['findings'], { size: 0, query: within(scope, [open]), aggs });
  const counted = (aggregations?.['sites'] as Buckets | undefined)?.buckets ?? [];
  return new Map(counted.map(({ key, levels }) => [key, new Map(levels.buckets.map((level) => [level.key as Level, level.doc_count]))]));
}
