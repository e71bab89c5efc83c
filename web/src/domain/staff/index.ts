export * from './board';
export * from './queries';
export * from './types';
