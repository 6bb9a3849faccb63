/** Fields of observations as what they should be. */
import type { Value } from '../sensor/observation.ts';

/** A text; '' for anything else. */
export const text = (value: Value | undefined): string => (typeof value === 'string' ? value : '');

/** A number; `otherwise` for anything else. */
export const number = (value: Value | undefined, otherwise = 0): number => (typeof value === 'number' ? value : otherwise);
