export * from './pickup';
export * from './queries';
export * from './reduce';
export * from './types';
