/** Figures of what was measured. */

/** The value that a share of `p` is not above. */
export const percentile = (values: readonly number[], p: number): number => [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) * p)] as number;
export const median = (values: readonly number[]): number => percentile(values, 0.5);
export const perSecond = (n: number, ms: number): string => `${Math.round((n * 1000) / ms).toLocaleString('en')} documents/s`;
