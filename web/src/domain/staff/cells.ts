//! The city from afar, in numbers that a hex can be coloured by. Pure.
import type { CityCell } from './types';

/** Orders that wait for each free crew; where nobody is free, for the one that would have to come. */
export const heatOf = (cell: CityCell): number => cell.waiting / Math.max(1, cell.free);
