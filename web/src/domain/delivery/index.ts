export * from './commands';
export * from './perform';
export * from './pings';
export * from './queries';
export * from './reduce';
export * from './ride';
export * from './types';
