/** Query service set, Part 4, 5.10 (and SessionlessInvoke, Part 6, 7.4): headers only. */
import type { Service } from './service.ts';

export const queryServices: readonly Service[] = [
  { name: 'QueryFirst', request: 615, response: 618, access: 'read' },
  { name: 'QueryNext', request: 621, response: 624, access: 'read' },
  { name: 'SessionlessInvoke', request: 15903, response: 21001, access: 'other' },
];
