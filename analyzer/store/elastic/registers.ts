/** The register map. */
import { TABLES } from '../../point.ts';
import type { RegisterTable } from '../../registers/map.ts';
import type { RegisterQuery } from '../store.ts';
import { contentOf } from './checked.ts';
import { type Document, documentOf, type Scope, type Source, term } from './scope.ts';
import { everything, when } from './search.ts';
import { lower } from './values.ts';

export function registersDocument(scope: Scope, map: RegisterTable, sequence: number): Document {
  const fields: Source = {
    'stillwatch.server': lower(map.server),
    'stillwatch.unit': map.unit,
    'stillwatch.table': map.table,
    'stillwatch.rank': TABLES.indexOf(map.table),
  };
  return documentOf(scope, 'registers', map.id, map.last_seen, fields, JSON.stringify(map), sequence);
}

const ORDER = ['server', 'unit', 'rank', 'key'].map((name) => ({ [`stillwatch.${name}`]: 'asc' }));

/** By server, unit and table. */
export async function listRegisters(scope: Scope, { server, unit, table }: RegisterQuery): Promise<RegisterTable[]> {
  const filter = [
    ...when(server, (value) => term('stillwatch.server', lower(value))),
    ...when(unit, (value) => term('stillwatch.unit', value)),
    ...when(table, (value) => term('stillwatch.table', value)),
  ];
  const found: RegisterTable[] = [];
  for await (const hits of everything(scope, 'registers', filter, ORDER)) found.push(...hits.flatMap(({ _source }) => contentOf('registers', _source) ?? []));
  return found;
}
