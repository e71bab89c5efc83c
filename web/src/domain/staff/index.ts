export * from './board';
export * from './cells';
export * from './heldList';
export * from './queries';
export * from './types';
