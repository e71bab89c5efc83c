export { ignore } from './channels';
export { clock } from './clock';
export { type LivePosition, type Positioned, positionIn } from './entry';
export type { LiveStatus, Snapshot } from './feed';
export { type Dot, Positions, SILENT_MS } from './positions';
export { LiveProvider, useFeeds, useLine, useMessages } from './provider';
export { reload } from './reload';
export { type Live, useLive } from './useLive';
