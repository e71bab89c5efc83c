export { clock } from './clock';
export type { LivePosition } from './entry';
export type { LiveStatus, Snapshot } from './feed';
export { type Dot, Positions, SILENT_MS } from './positions';
export { LiveProvider, useEvents, useFeeds, useLine } from './provider';
export { type Live, useLive } from './useLive';
