export { clock } from './clock';
export type { LivePosition } from './entry';
export type { LiveStatus, Snapshot } from './feed';
export { LiveProvider, useEvents, useFeeds, useLine } from './provider';
export { type Live, useLive } from './useLive';
