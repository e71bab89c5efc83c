export * from './board';
export * from './cells';
export * from './queries';
export * from './heldList';
export * from './types';
