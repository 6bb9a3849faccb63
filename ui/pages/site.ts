/** Of lists over many sites: whose each row is. */
import { html } from 'hono/html';
import type { Html, Strip } from '../console.ts';
import type { Column } from './parts.ts';

export const SITE_COLUMN: Column = { title: 'Site', class: 'w-name' };

/** Whether rows are those of many sites. */
export const inAll = ({ sites }: Strip): boolean => sites !== undefined && sites.here === null;

/** Nothing where all rows are of one site. */
export const siteCell = (site: string | undefined): Html | null => (site === undefined ? null : html`<td class="cut" title="${site}">${site}</td>`);

/** The page of that site. */
export const at = (path: string, site: string | null | undefined): string => (site == null ? path : `${path}?site=${encodeURIComponent(site)}`);
