//! The city from afar, as the numbers that colour a hex. Pure.
import type { CityCell } from './types';

/** Waiting orders per free crew; where nobody is free, as if one were. */
export const heatOf = (cell: CityCell): number => cell.waiting / Math.max(1, cell.free);
