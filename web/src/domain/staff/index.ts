export * from './board';
export * from './cells';
export * from './queries';
export * from './still';
export * from './types';
